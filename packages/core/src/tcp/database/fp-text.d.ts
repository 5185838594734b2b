/** A signature database imported as text: `import text from "../../fingerprint/x.fp" with { type: "text" }`. */
declare module "*.fp" {
  const text: string
  export default text
}
