import { InvalidConfigError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { readRuntimeAddress } from './readRuntimeAddress.ts'

describe('readRuntimeAddress', () => {
  it.each([
    ['grpc://127.0.0.1:4001', { target: 'dns:127.0.0.1:4001', tls: false }],
    ['grpc://prover.internal:4001/', { target: 'dns:prover.internal:4001', tls: false }],
    ['grpcs://prover.example:443', { target: 'dns:prover.example:443', tls: true }],
    ['grpc://[::1]:4001', { target: 'ipv6:[::1]:4001', tls: false }],
    ['grpc+unix:/run/prover.sock', { target: 'unix:/run/prover.sock', tls: false }],
    ['grpc+unix:///run/prover.sock', { target: 'unix:/run/prover.sock', tls: false }],
  ])('reads %s', (text, address) => {
    expect(readRuntimeAddress(text)).toEqual(address)
  })

  it.each([
    '',
    '127.0.0.1:4001',
    'http://127.0.0.1:4001',
    'grpc://127.0.0.1',
    'grpc://127.0.0.1:0',
    'grpc://127.0.0.1:65536',
    'grpc://127.0.0.1:x',
    'grpc://user:secret@127.0.0.1:4001',
    'grpc://127.0.0.1:4001/path',
    'grpc+unix:relative.sock',
    'dns:prover:4001',
  ])('refuses “%s”', (text) => {
    expect(() => readRuntimeAddress(text)).toThrow(InvalidConfigError)
  })
})
