"""Reads what `sysrec export` wrote, with libraries that other people wrote, and prints what it says as JSON.

    read_export.py perfetto FILE       Perfetto's own protobuf definitions (PyPI: perfetto)
    read_export.py speedscope FILE SCHEMA
                                       validates against speedscope's JSON schema (npm: speedscope; PyPI: jsonschema)

Exits with 77 where a library is not installed.
"""

import json
import sys


def perfetto(path):
    try:
        from google.protobuf.unknown_fields import UnknownFieldSet
        from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as pb
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(77)
    trace = pb.Trace()
    trace.ParseFromString(open(path, "rb").read())
    names, annotations, functions, frames, stacks, categories = {}, {}, {}, {}, {}, {}
    tracks, slices, open_slices = {}, [], {}
    for packet in trace.packet:
        assert not list(UnknownFieldSet(packet)), "fields that Perfetto does not have"
        data = packet.interned_data
        categories.update((it.iid, it.name) for it in data.event_categories)
        names.update((it.iid, it.name) for it in data.event_names)
        annotations.update((it.iid, it.name) for it in data.debug_annotation_names)
        functions.update((it.iid, it.str.decode()) for it in data.function_names)
        frames.update((it.iid, functions[it.function_name_id]) for it in data.frames)
        stacks.update((it.iid, [frames[frame] for frame in it.frame_ids]) for it in data.callstacks)
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            if track.HasField("thread"):
                tracks[track.uuid] = {
                    "tid": track.thread.tid,
                    "pid": track.thread.pid,
                    "name": track.thread.thread_name,
                    "process": tracks[track.parent_uuid]["name"],
                }
            else:
                tracks[track.uuid] = {"pid": track.process.pid, "name": track.process.process_name}
        if packet.HasField("track_event"):
            event = packet.track_event
            if event.type == pb.TrackEvent.TYPE_SLICE_BEGIN:
                slice = {
                    "name": names[event.name_iid],
                    "category": [categories[iid] for iid in event.category_iids],
                    "start_ns": packet.timestamp,
                    "end_ns": None,
                    "tid": tracks[event.track_uuid]["tid"],
                    "args": {annotations[it.name_iid]: it.string_value for it in event.debug_annotations},
                    "stack": stacks.get(event.callstack_iid),
                }
                slices.append(slice)
                open_slices[event.track_uuid] = slice
            else:
                assert event.type == pb.TrackEvent.TYPE_SLICE_END
                open_slices.pop(event.track_uuid)["end_ns"] = packet.timestamp
    return {"tracks": list(tracks.values()), "slices": slices}


def speedscope(path, schema):
    try:
        import jsonschema
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(77)
    document = json.load(open(path))
    jsonschema.validate(document, json.load(open(schema)))
    names = [frame["name"] for frame in document["shared"]["frames"]]
    profiles = []
    for profile in document["profiles"]:
        assert profile["type"] == "sampled" and len(profile["samples"]) == len(profile["weights"])
        calls, at = [], profile["startValue"]
        for frames, weight in zip(profile["samples"], profile["weights"]):
            assert weight >= 0, "time goes back"
            if frames:
                stack = [names[frame] for frame in frames]
                calls.append({"stack": stack, "start_ns": at, "end_ns": at + weight})
            at += weight
        assert at <= profile["endValue"]
        profiles.append({"name": profile["name"], "calls": calls})
    return {"profiles": profiles}


if __name__ == "__main__":
    json.dump({"perfetto": perfetto, "speedscope": speedscope}[sys.argv[1]](*sys.argv[2:]), sys.stdout)
