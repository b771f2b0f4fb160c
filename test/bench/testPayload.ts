/** Bytes of a message's payload in the benchmarks. */
export const PAYLOAD_BYTES = 1_024

/** A payload as a device would send it: JSON, ASCII, of exactly {@link PAYLOAD_BYTES} bytes, another for each number. */
export function testPayload(number: number): string {
  const readings = Array.from({ length: 48 }, (_, i) => (((number * 31 + i * 17) % 500) / 10).toFixed(1))
  const start = `{"sequence":${number},"unit":"celsius","readings":[${readings.join(',')}],"note":"`
  return `${start.padEnd(PAYLOAD_BYTES - 2, '.')}"}`
}
