/** The compiled program: `import path from "../../bpf/syn.bpf.o" with { type: "file" }` gives where it can be read. */
declare module "*.bpf.o" {
  const path: string
  export default path
}
