/** Compiles one C file of this directory with gcc into a directory of the test and gives the path of the program. */
export async function compileC(
  source: "client.c" | "delay.c" | "flood.c" | "seccomp.c",
  directory: string
): Promise<string> {
  const program = `${directory}/${source.replace(/\.c$/, "")}`
  const gcc = Bun.spawn(["gcc", "-O2", "-o", program, `${import.meta.dir}/${source}`], {
    stderr: "pipe",
    stdout: "ignore"
  })
  const complaint = await new Response(gcc.stderr).text()
  if ((await gcc.exited) !== 0) throw new Error(`gcc cannot compile ${source}: ${complaint}`)
  return program
}
