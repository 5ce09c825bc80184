// The JavaScript reference reader reads interval logs: paths on the command line, figures in ns to standard output as JSON.
import { readFileSync } from "node:fs";
import hdr from "hdr-histogram-js";

const figures = process.argv.slice(2).map((path) => {
  const reader = new hdr.HistogramLogReader(readFileSync(path, "utf8"));
  const all = hdr.build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3, useWebAssembly: false });
  let intervals = 0;
  for (let one = reader.nextIntervalHistogram(); one; one = reader.nextIntervalHistogram()) {
    all.add(one);
    intervals += 1;
  }
  return { intervals, count: all.totalCount, min: all.minNonZeroValue, max: all.maxValue, p99: all.getValueAtPercentile(99) };
});
console.log(JSON.stringify(figures));
