//! `vectors FILE`: writes golden vectors of the input commitment, by which other implementations are checked.
use halo2_kit::{
    Field, KitError, Readings, Schema, halo2_base::halo2_proofs::halo2curves::bn256::Fr, poseidon, scaled_integer,
};
use serde_json::{Value, json};
use std::{env, fs, process::ExitCode};

fn main() -> ExitCode {
    let Some(file) = env::args().nth(1) else {
        eprintln!("usage: vectors FILE");
        return ExitCode::from(2);
    };
    let written = vectors()
        .map_err(|error| error.to_string())
        .and_then(|vectors| fs::write(&file, format!("{vectors:#}\n")).map_err(|error| format!("{file}: {error}")));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn vectors() -> Result<Value, KitError> {
    Ok(json!({
        "generatedBy": "node packages/zk/build.mjs",
        "scheme": "poseidon-bn254",
        "poseidon": (0..8).map(hashed).collect::<Vec<_>>(),
        "commitments": commitments()?,
        "refused": refused()?,
        "scaledIntegers": scaled_integers(),
    }))
}

fn hashed(n: u64) -> Value {
    let preimage: Vec<Fr> = (1..=n).map(Fr::from).collect();
    json!({ "preimage": preimage.iter().map(hex_of).collect::<Vec<_>>(), "hash": hex_of(&poseidon(&preimage)) })
}

fn commitments() -> Result<Vec<Value>, KitError> {
    let mut cases = vec![];
    let temperature = || Field::new("temperature", 1, -400, 600);
    let weather = ["12.8", "10.6", "-11.70", "7.2e0", "-40", "60", "-0", "0.1"];
    let payload = |text: &&str| format!(r#"{{"date":"2012-01-01","temperature":{text}}}"#);
    for count in 1..=16 {
        let payloads: Vec<_> = weather.iter().cycle().take(count).map(payload).collect();
        cases.push(case(&format!("one field, {count} of 16"), 16, vec![temperature()], salt(count as u8), payloads)?);
    }

    let mixed = vec![temperature(), Field::new("precipitation", 2, 0, 100_000), Field::new("seq", 0, 5, 7)];
    for count in [1, 9, 10] {
        let payloads = (0..count)
            .map(|i| {
                let (whole, part, seq) = (i * 3, 25 * (i % 4), 5 + i % 3);
                format!(r#" {{ "seq": {seq}, "x": [{{"seq":1}}], "precipitation": {whole}.{part:02}, "temperature": -{i} }}"#)
            })
            .collect();
        cases.push(case(&format!("three fields, {count} of 10"), 10, mixed.clone(), salt(40), payloads)?);
    }

    let signed = vec![Field::new("x", 0, -(1 << 63), (1 << 63) - 1), Field::new("y", 0, 0, (1 << 64) - 1)];
    let extremes = vec![
        format!(r#"{{"x":{},"y":{}}}"#, i64::MIN, u64::MAX),
        format!(r#"{{"x":{},"y":0}}"#, i64::MAX),
        r#"{"x":9007199254740993,"y":18446744073709551614}"#.into(),
    ];
    cases.push(case("64 bits", 4, signed, salt(50), extremes)?);

    // 3 + 5 x 50 = 253 bits fill one element; a sixth reading starts the next.
    let wide = || vec![Field::new("x", 0, 0, (1 << 50) - 1)];
    let full = |n: usize| (0..n).map(|i| format!(r#"{{"x":{}}}"#, (1u64 << 50) - 1 - i as u64)).collect();
    cases.push(case("an element filled to 253 bits", 5, wide(), salt(60), full(5))?);
    cases.push(case("one limb past 253 bits", 6, wide(), salt(60), full(6))?);
    cases.push(case("nothing in the second element", 6, wide(), salt(60), full(5))?);
    // Five elements beside the salt: a length divisible by the rate.
    cases.push(case("a preimage of six", 24, wide()[..1].to_vec(), Fr::zero(), full(24))?);
    cases.push(case(
        "a field named with an escape",
        1,
        vec![Field::new("é\"\\", 0, 0, 1)],
        salt(70),
        vec![r#"{"\u00e9\"\\":1,"\ud800":"\udfff"}"#.into()],
    )?);
    cases.push(case("the largest salt", 1, vec![temperature()], -Fr::one(), vec![r#"{"temperature":1e1}"#.into()])?);
    Ok(cases)
}

fn case(name: &str, capacity: usize, fields: Vec<Field>, salt: Fr, payloads: Vec<String>) -> Result<Value, KitError> {
    let schema = Schema::new(capacity, fields)?;
    let readings = Readings::parse(&schema, &payloads)?;
    Ok(json!({
        "name": name,
        "capacity": capacity,
        "fields": schema.fields().iter().map(field_json).collect::<Vec<_>>(),
        "salt": hex_of(&salt),
        "payloads": payloads,
        "limbBits": schema.limb_bits(),
        "elements": readings.elements(&schema).iter().map(hex_of).collect::<Vec<_>>(),
        "commitment": hex_of(&readings.commitment(&schema, salt)),
    }))
}

fn refused() -> Result<Vec<Value>, KitError> {
    let field = Field::new("t", 1, -400, 600);
    let schema = Schema::new(1, vec![field.clone()])?;
    let payloads = [
        "",
        "null",
        "[]",
        "12.8",
        "{}",
        r#"{"t":}"#,
        r#"{"t":1"#,
        r#"{"t":1}}"#,
        r#"{"t":1,}"#,
        r#"{"t":"1"}"#,
        r#"{"t":null}"#,
        r#"{"t":true}"#,
        r#"{"t":[1]}"#,
        r#"{"t":{"t":1}}"#,
        r#"{"x":{"t":1}}"#,
        r#"{"T":1}"#,
        r#"{"t":1,"t":1}"#,
        r#"{"t":1,"\u0074":1}"#,
        r#"{"t":01}"#,
        r#"{"t":+1}"#,
        r#"{"t":1.}"#,
        r#"{"t":.5}"#,
        r#"{"t":NaN}"#,
        r#"{"t":0x1}"#,
        r#"{"t":12.85}"#,
        r#"{"t":1e-2}"#,
        r#"{"t":60.1}"#,
        r#"{"t":-40.1}"#,
        r#"{"t":1e99999999999999999999}"#,
        r#"{"t":1e-99999999999999999999}"#,
    ];
    let cases = payloads.map(|payload| {
        let outcome = Readings::parse(&schema, &[payload]);
        let reason = outcome.err().map(|error| error.to_string());
        json!({ "fields": [field_json(&field)], "payload": payload, "reason": reason })
    });
    match cases.iter().find(|case| case["reason"].is_null()) {
        Some(case) => Err(KitError::Schema(format!("not refused: {case}"))),
        None => Ok(cases.into()),
    }
}

fn scaled_integers() -> Vec<Value> {
    [
        ("12.8", 1),
        ("12.80", 1),
        ("1.28e1", 1),
        ("128E-1", 1),
        ("-0", 0),
        ("-0.0e-7", 0),
        ("0e99999999999999999999", 3),
        ("0e-99999999999999999999", 3),
        ("1200e-2", 0),
        ("1e+2", 2),
        ("18446744073709551615", 0),
        ("0.00000000000000000001", 20),
        ("-123456789.987654321", 9),
        ("12.85", 1),
        ("1e-1", 0),
    ]
    .map(|(text, scale)| {
        let value = scaled_integer(text, scale).ok().map(|value| value.to_string());
        json!({ "text": text, "scale": scale, "value": value })
    })
    .into()
}

fn salt(seed: u8) -> Fr {
    poseidon(&[Fr::from(u64::from(seed))])
}

fn field_json(field: &Field) -> Value {
    let (min, max) = (field.min.to_string(), field.max.to_string());
    json!({ "name": field.name, "scale": field.scale, "min": min, "max": max })
}

fn hex_of(element: &Fr) -> String {
    let mut bytes = element.to_bytes();
    bytes.reverse();
    format!("0x{}", hex::encode(bytes))
}
