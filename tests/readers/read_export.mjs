// Reads what `sysrec export` wrote, with libraries that other people wrote, and prints what it says as JSON.
//
//     read_export.mjs pprof FILE      Datadog's pprof-format
//     read_export.mjs chrome FILE     the trace engine of Chrome's developer tools
//
// Exits with 77 where a library is not installed. NODE_PATH does not count for modules, so the folder comes as READERS.
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { pathToFileURL } from "node:url";

const [form, file] = process.argv.slice(2);
const load = async (name) => {
  const at = path.join(process.env.READERS, "node_modules", name);
  if (!fs.existsSync(at)) process.exit(77);
  return import(pathToFileURL(at).href);
};

async function pprof() {
  const library = await load("pprof-format/dist/esm/index.js");
  const { Profile } = library.default ?? library;
  const profile = Profile.decode(zlib.gunzipSync(fs.readFileSync(file)));
  const text = (index) => profile.stringTable.strings[Number(index)];
  const functions = new Map(profile.function.map((it) => [it.id, text(it.name)]));
  const locations = new Map(profile.location.map((it) => [it.id, it.line.map((line) => functions.get(line.functionId))]));
  return {
    types: profile.sampleType.map((it) => [text(it.type), text(it.unit)]),
    samples: profile.sample.map((it) => ({
      stack: it.locationId.flatMap((id) => locations.get(id)).reverse(),
      values: it.value.map(Number),
    })),
  };
}

async function chrome() {
  const engine = "@paulirish/trace_engine/models/trace";
  const Types = await load(`${engine}/types/types.js`);
  const Helpers = await load(`${engine}/helpers/helpers.js`);
  const trace = JSON.parse(fs.readFileSync(file, "utf8"));
  const names = {};
  const threads = new Map();
  for (const event of trace.traceEvents) {
    if (Types.Events.isThreadName(event)) names[event.tid] = event.args.name;
    else if (Types.Events.isProcessName(event)) names[`process ${event.pid}`] = event.args.name;
    else if (Types.Events.isComplete(event)) threads.set(event.tid, [...(threads.get(event.tid) ?? []), event]);
    else if (!Types.Events.isBegin?.(event) && event.ph !== "B") throw new Error(JSON.stringify(event));
  }
  const stack = (id) => (id === undefined ? [] : [...stack(trace.stackFrames[id].parent), trace.stackFrames[id].name]);
  const calls = [];
  for (const events of threads.values()) {
    Helpers.Trace.sortTraceEventsInPlace(events);
    // Calls of one thread follow one another: none is inside another one.
    const { entryToNode } = Helpers.TreeHelpers.treify(events, { filter: { has: () => true } });
    for (const event of events) {
      if (entryToNode.get(event).depth !== 0) throw new Error(`inside another call: ${JSON.stringify(event)}`);
      const { startTime, endTime } = Helpers.Timing.eventTimingsMicroSeconds(event);
      calls.push({ name: event.name, tid: event.tid, start_us: startTime, end_us: endTime, args: event.args, stack: stack(event.sf) });
    }
  }
  return { names, calls };
}

process.stdout.write(JSON.stringify(await { pprof, chrome }[form]()));
