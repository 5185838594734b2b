/**
 * Metrics in the Prometheus text format 0.0.4. Hot code adds to plain numbers; they are read when somebody scrapes.
 *
 * Not Effect's PrometheusMetrics: it costs 77 ms of start-up (it pulls in http and Schema), and our series are readers over
 * plain counters, for which that registry has only an unsafe entrance.
 */
import packageJson from "../../package.json" with { type: "json" }

export const VERSION: string = packageJson.version

export type Labels = Readonly<Record<string, string>>

/** Add to `value`; a gauge may also be set. */
export class Counter {
  value = 0
}

/** Counts per upper bound, in the unit of the bounds. */
export class Histogram {
  readonly bounds: ReadonlyArray<number>
  readonly counts: Float64Array
  sum = 0
  constructor(bounds: ReadonlyArray<number>) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }
  observe(value: number): void {
    let slot = 0
    while (slot < this.bounds.length && value > this.bounds[slot]!) slot++
    this.counts[slot]!++
    this.sum += value
  }
}

interface Series {
  readonly labels: Labels
  readonly read: (() => number) | undefined
  readonly histogram: Histogram | undefined
}

interface Family {
  readonly type: "counter" | "gauge" | "histogram"
  readonly help: string
  readonly series: Map<string, Series>
}

const escapeLabel = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")

function printLabels(labels: Labels): string {
  const names = Object.keys(labels)
  return names.length === 0 ? "" : `{${names.map((name) => `${name}="${escapeLabel(labels[name]!)}"`).join(",")}}`
}

const printNumber = (value: number): string => (value === Number.POSITIVE_INFINITY ? "+Inf" : String(value))

/** All series of one process. Every name begins with `synprint_` except the usual ones of the process. */
export class Metrics {
  readonly #families = new Map<string, Family>()

  /** `program` labels `synprint_build_info`. */
  constructor(program: string) {
    const started = Date.now() / 1000 - process.uptime()
    this.read("synprint_build_info", "gauge", "What runs; always 1.", () => 1, {
      program,
      version: VERSION,
      bun: Bun.version
    })
    this.read("process_start_time_seconds", "gauge", "Start of the process since the epoch.", () => started)
    this.read("process_resident_memory_bytes", "gauge", "Resident memory.", () => process.memoryUsage.rss())
    this.read("process_cpu_seconds_total", "counter", "User and system CPU time.", () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    })
  }

  #add(name: string, type: Family["type"], help: string, series: Series): () => void {
    let family = this.#families.get(name)
    if (family === undefined) this.#families.set(name, (family = { type, help, series: new Map() }))
    const key = printLabels(series.labels)
    family.series.set(key, series)
    return () => {
      if (family.series.get(key) === series) family.series.delete(key)
    }
  }

  /** A series that `read` gives on every scrape; the result removes it. The same name and labels replace the series before. */
  read(name: string, type: "counter" | "gauge", help: string, read: () => number, labels: Labels = {}): () => void {
    return this.#add(name, type, help, { labels, read, histogram: undefined })
  }

  /** A counter that the caller adds to. */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    const counter = new Counter()
    this.read(name, "counter", help, () => counter.value, labels)
    return counter
  }

  histogram(name: string, help: string, bounds: ReadonlyArray<number>, labels: Labels = {}): Histogram {
    const histogram = new Histogram(bounds)
    this.#add(name, "histogram", help, { labels, read: undefined, histogram })
    return histogram
  }

  /** Value of a series, undefined when there is none: for the summary and for tests. */
  value(name: string, labels: Labels = {}): number | undefined {
    return this.#families.get(name)?.series.get(printLabels(labels))?.read?.()
  }

  /** Every counter as `name{labels}` -> value. */
  counters(): Record<string, number> {
    const all: Record<string, number> = {}
    for (const [name, family] of this.#families) {
      if (family.type !== "counter") continue
      for (const [labels, series] of family.series) all[name + labels] = series.read!()
    }
    return all
  }

  text(): string {
    const lines: Array<string> = []
    for (const name of [...this.#families.keys()].sort()) {
      const { type, help, series } = this.#families.get(name)!
      if (series.size === 0) continue
      lines.push(`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`)
      for (const [labels, { read, histogram, labels: pairs }] of series) {
        if (read !== undefined) lines.push(`${name}${labels} ${printNumber(read())}`)
        else if (histogram !== undefined) {
          let count = 0
          for (const [n, bound] of [...histogram.bounds, Number.POSITIVE_INFINITY].entries()) {
            count += histogram.counts[n]!
            lines.push(`${name}_bucket${printLabels({ ...pairs, le: printNumber(bound) })} ${count}`)
          }
          lines.push(`${name}_sum${labels} ${printNumber(histogram.sum)}`, `${name}_count${labels} ${count}`)
        }
      }
    }
    return `${lines.join("\n")}\n`
  }
}
