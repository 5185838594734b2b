/** The compiled program: `import path from "../../bpf/syn.bpf.o" with { type: "file" }` yields its path. */
declare module "*.bpf.o" {
  const path: string
  export default path
}
