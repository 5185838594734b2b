/**
 * The database that synprint ships: the text of builtin.fp, bundled, so that the single executable needs no file beside it.
 * Its own header says what each line rests on.
 */
import text from "./builtin.fp" with { type: "text" }

/** What `databases = ["builtin"]` names, and what stands where a file name would in messages. */
export const BUILTIN = "builtin"

/** p0f.fp grammar with `mss*max` and `;@` attributes. */
export const BUILTIN_DATABASE: string = text
