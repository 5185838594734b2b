/**
 * The database that synprint ships: the text of builtin.fp, bundled, so that the single executable needs no file beside it.
 * Its own header says what each line rests on.
 */
import text from "./builtin.fp" with { type: "text" }

/** Name of the built-in database in `databases = ["builtin"]` and in messages. */
export const BUILTIN = "builtin"

/** The grammar of p0f.fp with the additions that its header describes. */
export const BUILTIN_DATABASE: string = text
