#!/bin/sh
# Between cargo and rustc for crates of the workspace. Cargo has rustc mix the absolute path of a crate that lies outside of the
# workspace's folder, as guests of examples do, into its symbols, and the order of constants follows them: here it is the name alone.
name=
previous=
for argument; do
  shift
  [ "$previous" = --crate-name ] && name=$argument
  previous=$argument
  case $argument in metadata=*) argument=metadata=$name ;; esac
  set -- "$@" "$argument"
done
exec "$@"
