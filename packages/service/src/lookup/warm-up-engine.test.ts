import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import {
  BUILTIN,
  BUILTIN_DATABASE,
  ConnectionInfo,
  KEY_CLIENT_PORT,
  makeConnectionKey,
  readDatabases
} from "@synprint/core"
import { configTexts } from "../testing/config-texts.ts"
import { plainProgram, plainSchema } from "../testing/programs.ts"
import { setClientPort, syntheticSyn4 } from "./synthetic-syn.ts"
import { openWarmUpEngine } from "./warm-up-engine.ts"

const database = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern").database!
const config = configTexts(plainSchema, plainProgram).good('[capture]\nbackend = "tap"')

test("it answers for saved SYNs alone, and remembers as many answers as it is told to", async () => {
  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const engine = yield* openWarmUpEngine(config, database, 4)
        const info = new ConnectionInfo()
        const syn = syntheticSyn4()
        const ask = (port: number, savedSyn: Uint8Array | undefined = syn.bytes): string => {
          const key = makeConnectionKey()
          key[0] = 4
          key[KEY_CLIENT_PORT] = port >> 8
          key[KEY_CLIENT_PORT + 1] = port & 255
          setClientPort(syn, port)
          engine.answer({ key, savedSyn, openedAtMs: 1_700_000_000_000 }, info)
          return info.status
        }
        expect(ask(1)).toBe("ok")
        expect(info.fingerprint!.os).toStartWith("Linux")
        expect(info.totalConn).toBe(1)
        expect(ask(2)).toBe("ok")
        expect(info.totalConn).toBe(2)
        expect(ask(1)).toBe("ok")
        expect(engine.stats()).toEqual({ answers: 2, answersEvicted: 0, repeated: 1 })
      })
    )
  )
})
