/** Replies of a session to each kind of right and wrong input. */
import { describe, expect, test } from "bun:test"
import { buildFrame, haproxyDisconnect, haproxyHello, keyValues, notify, varint } from "../testing/haproxy-frames.ts"
import { ask, join, run, summary } from "../testing/session-run.ts"

describe("conformance", () => {
  const hello = haproxyHello()
  const long = new Uint8Array(300).fill(0x41)
  const cases: ReadonlyArray<
    readonly [name: string, input: Uint8Array, expected: ReadonlyArray<string>, ended: boolean]
  > = [
    ["hello of 3.5", hello, ["101 0/0"], false],
    ["hello of 2.6", haproxyHello({ capabilities: "pipelining,async" }), ["101 0/0"], false],
    ["health check: one frame, then the end", haproxyHello({ healthcheck: true }), ["101 0/0"], true],
    [
      "health check followed by a NOTIFY that nobody asked for",
      join(haproxyHello({ healthcheck: true }), ask(1)),
      ["101 0/0"],
      true
    ],
    ["hello and two NOTIFYs in one read", join(hello, ask(1), ask(3)), ["101 0/0", "103 1/1", "103 3/1"], false],
    ["stream id 0", join(hello, ask(0)), ["101 0/0", "103 0/1"], false],
    [
      "ids of 2^64 - 1",
      join(hello, ask((1n << 64n) - 1n, (1n << 63n) + 5n)),
      ["101 0/0", `103 ${(1n << 64n) - 1n}/${(1n << 63n) + 5n}`],
      false
    ],
    ["an eleven-byte stream id", join(hello, eleven()), ["101 0/0", "102 4"], true],
    ["NOTIFY before HELLO", ask(1), ["102 4"], true],
    ["DISCONNECT before HELLO", haproxyDisconnect(0, "normal"), ["102 4"], true],
    ["unknown type before HELLO", buildFrame(77, []), ["102 4"], true],
    ["HELLO twice", join(hello, hello, ask(1)), ["101 0/0", "102 4"], true],
    ["LENGTH 0", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), ["102 4"], true],
    ...[1, 2, 3, 4, 5, 6].map(
      (length) => [`LENGTH ${length}`, Uint8Array.of(0, 0, 0, length), ["102 4"], true] as const
    ),
    ["LENGTH 6 after HELLO", join(hello, Uint8Array.of(0, 0, 0, 6, 3, 0, 0, 0, 1, 1)), ["101 0/0", "102 4"], true],
    [
      "LENGTH 7, the smallest: a NOTIFY without messages",
      join(hello, buildFrame(3, [], { sid: 5, fid: 1 })),
      ["101 0/0", "103 5/1"],
      false
    ],
    ["LENGTH above the limit", Uint8Array.of(0, 0, 0x3f, 0xfd), ["102 3"], true],
    ["LENGTH 2^31 - 1", Uint8Array.of(0x7f, 255, 255, 255), ["102 3"], true],
    ["LENGTH 2^32 - 1", Uint8Array.of(255, 255, 255, 255), ["102 3"], true],
    [
      "LENGTH above what HAProxy negotiated",
      join(haproxyHello({ maxFrameSize: 256 }), Uint8Array.of(0, 0, 1, 1)),
      ["101 0/0", "102 3"],
      true
    ],
    ["LENGTH as negotiated", join(haproxyHello({ maxFrameSize: 256 }), fill(256)), ["101 0/0", "103 1/1"], false],
    ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ["102 3"], true],
    ["a TLS ClientHello", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), ["102 3"], true],
    ["NOTIFY without FIN", join(hello, notify([], { flags: 0 })), ["101 0/0", "102 10"], true],
    ["NOTIFY with FIN and reserved flags", join(hello, notify([], { flags: 0xf1 })), ["101 0/0", "103 1/1"], false],
    [
      "NOTIFY that is given up in the same frame",
      join(hello, notify([], { flags: 3 }), ask(3)),
      ["101 0/0", "103 3/1"],
      false
    ],
    ["UNSET with FIN", join(hello, buildFrame(0, [65, 65])), ["101 0/0", "102 10"], true],
    ["UNSET without FIN", join(hello, buildFrame(0, [65, 65], { flags: 0 })), ["101 0/0", "102 10"], true],
    [
      "UNSET with ABORT: nothing is asked",
      join(hello, buildFrame(0, [], { flags: 3 }), ask(1)),
      ["101 0/0", "103 1/1"],
      false
    ],
    [
      "unknown types are passed over",
      join(hello, buildFrame(77, [1, 2]), buildFrame(103, []), ask(1)),
      ["101 0/0", "103 1/1"],
      false
    ],
    ["DISCONNECT 0", join(hello, ask(1), haproxyDisconnect(0, "normal")), ["101 0/0", "103 1/1", "102 0"], true],
    ["DISCONNECT 2", join(hello, haproxyDisconnect(2, "a timeout occurred")), ["101 0/0", "102 0"], true],
    [
      "DISCONNECT with unknown keys",
      join(
        hello,
        buildFrame(
          2,
          keyValues([
            ["x", { t: "bool", v: true }],
            ["status-code", { t: "int64", v: 4 }]
          ])
        )
      ),
      ["101 0/0", "102 0"],
      true
    ],
    ["DISCONNECT with a broken list", join(hello, buildFrame(2, [5, 1])), ["101 0/0", "102 0"], true],
    ["NOTIFY after DISCONNECT", join(hello, haproxyDisconnect(0, "normal"), ask(1)), ["101 0/0", "102 0"], true],
    ["HELLO without FIN", buildFrame(1, [], { flags: 0 }), ["102 10"], true],
    ["HELLO with ids", buildFrame(1, [], { sid: 1 }), ["102 4"], true],
    ["HELLO that is empty", buildFrame(1, []), ["102 5"], true],
    ["HELLO without max-frame-size", helloOf([versions("2.0"), caps("")]), ["102 6"], true],
    ["HELLO without capabilities", helloOf([versions("2.0"), size(16380)]), ["102 7"], true],
    ["HELLO of version 1.0", haproxyHello({ versions: "1.0" }), ["102 8"], true],
    ["HELLO of version 3.0", haproxyHello({ versions: "3.0,12.0" }), ["102 8"], true],
    ["HELLO of version 2 without minor", haproxyHello({ versions: "2" }), ["102 8"], true],
    ["HELLO of an empty version list", haproxyHello({ versions: "" }), ["102 8"], true],
    ["HELLO of several versions with blanks", haproxyHello({ versions: "1.0 ,  2.3 , 3.0" }), ["101 0/0"], false],
    ["HELLO with frames below 256", haproxyHello({ maxFrameSize: 255 }), ["102 9"], true],
    ["HELLO with frames of 256", haproxyHello({ maxFrameSize: 256 }), ["101 0/0"], false],
    // A negative integer reads as one near 2^64, and so as a size above ours.
    ...(["int32", "uint32", "int64", "uint64"] as const).map(
      (t) =>
        [
          `HELLO with a negative size in ${t}`,
          helloOf([versions("2.0"), ["max-frame-size", { t, v: -1 }], caps("")]),
          ["101 0/0"],
          false
        ] as const
    ),
    [
      "HELLO with unknown keys of every type",
      helloOf([
        versions("2.0"),
        ["a", { t: "null" }],
        ["b", { t: "bool", v: false }],
        ["c", { t: "int32", v: -1 }],
        ["", { t: "uint64", v: (1n << 64n) - 1n }],
        ["d", { t: "ipv4", v: new Uint8Array(4) }],
        ["e", { t: "ipv6", v: new Uint8Array(16) }],
        ["f", { t: "binary", v: long }],
        size(16380),
        caps("x,pipelining")
      ]),
      ["101 0/0"],
      false
    ],
    [
      "HELLO whose value has a reserved type",
      buildFrame(1, [...keyValues([versions("2.0")]), 1, 65, 10]),
      ["102 4"],
      true
    ],
    [
      "HELLO whose string runs past the frame",
      buildFrame(1, [...keyValues([versions("2.0")]), 1, 65, 8, 200, 1]),
      ["102 4"],
      true
    ],
    ["HELLO whose version is a number", helloOf([["supported-versions", { t: "uint32", v: 2 }]]), ["102 4"], true],
    [
      "HELLO whose size is a string",
      helloOf([versions("2.0"), ["max-frame-size", { t: "string", v: "16380" }], caps("")]),
      ["102 4"],
      true
    ],
    [
      "NOTIFY whose string runs past the frame",
      join(hello, ask(1), buildFrame(3, [1, 65, 1, 1, 66, 8, 9, 1], { sid: 3, fid: 1 })),
      ["101 0/0", "103 1/1", "102 4"],
      true
    ],
    [
      "NOTIFY with a string length of 2^64 - 1",
      join(hello, buildFrame(3, [1, 65, 1, 1, 66, 8, ...varint(-1n)])),
      ["101 0/0", "102 4"],
      true
    ],
    [
      "NOTIFY with an eleven-byte integer",
      join(hello, buildFrame(3, [1, 65, 1, 1, 66, 4, ...Array.from({ length: 11 }, () => 255), 0])),
      ["101 0/0", "102 4"],
      true
    ],
    [
      "NOTIFY with fewer arguments than it counts",
      join(hello, buildFrame(3, [1, 65, 2, 1, 66, 0])),
      ["101 0/0", "102 4"],
      true
    ],
    ["NOTIFY that ends after the message name", join(hello, buildFrame(3, [1, 65])), ["101 0/0", "102 4"], true],
    [
      "NOTIFY with 255 arguments",
      join(
        hello,
        notify([{ name: "m", args: Array.from({ length: 255 }, (_, index) => [`a${index}`, { t: "null" }] as const) }])
      ),
      ["101 0/0", "103 1/1"],
      false
    ]
  ]

  test.each(cases)("%s", (_, input, expected, ended) => {
    const whole = run([input])
    expect(summary(whole.frames)).toEqual([...expected])
    expect(whole.session.hasEnded).toBe(ended)
    expect(whole.frames.every((frame) => frame.flags === 1)).toBe(true)
    // Every split into two, and byte by byte, gives the same.
    for (let cut = 1; cut < Math.min(input.length, 400); cut++) {
      expect(summary(run([input.subarray(0, cut), input.subarray(cut)]).frames)).toEqual([...expected])
    }
    expect(summary(run([...input].map((byte) => Uint8Array.of(byte))).frames)).toEqual([...expected])
  })

  function versions(list: string) {
    return ["supported-versions", { t: "string", v: list }] as const
  }
  function size(value: number) {
    return ["max-frame-size", { t: "uint32", v: value }] as const
  }
  function caps(list: string) {
    return ["capabilities", { t: "string", v: list }] as const
  }
  function helloOf(pairs: Parameters<typeof keyValues>[0]) {
    return buildFrame(1, keyValues(pairs))
  }
  /** A NOTIFY of exactly this LENGTH. */
  function fill(length: number) {
    const head = [1, 65, 1, 1, 66, 9]
    const data = length - 7 - head.length - 2
    return buildFrame(3, [...head, ...varint(data), ...Array.from({ length: data }, () => 0)], { sid: 1, fid: 1 })
  }
  function eleven() {
    return Uint8Array.from([0, 0, 0, 5 + 12, 3, 0, 0, 0, 1, ...Array.from({ length: 10 }, () => 255), 1, 1])
  }
})
