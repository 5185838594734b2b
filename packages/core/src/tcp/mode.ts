/**
 * Mode of matching: `p0f` behaves as p0f 3.09b, visible bugs included; `modern` is correct.
 */
export type Mode = "modern" | "p0f"
