#!/usr/bin/env python3
"""Reads every trace of the corpus with the module that Kaitai Struct makes of sysrec.ksy, and compares what it means
with the JSON beside it.

    check_corpus.py FOLDER_OF_SYSREC_PY [TRACE ...]

This is a second reader of the format: it was written from README.md and shares nothing with the Rust code. Kaitai
Struct gives the structure; CRCs, bit-packed blocks, pairing and recovery are here.
"""

import io
import json
import pathlib
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
MAGIC = b"\x89SREC\r\n\n"
MARKER = b"\xf3\x51\xc7\x9e"
HEADER_BYTES, FRAME_BYTES, FOOTER_BYTES = 192, 56, 32
PAYLOAD_BYTES_MAX = 64 << 20
NO_TASK = 0xFFFFFFFF
WORD = (1 << 64) - 1
ENDED, VANISHED, STORAGE_FULL = 5, 6, 1


class Refused(Exception):
    pass


class Bad(Exception):
    """A part that cannot be read."""


def unzigzag(value):
    return (value >> 1) ^ -(value & 1)


def latin(data):
    return data.decode("latin-1")


def task_or_none(task):
    return None if task == NO_TASK else task


# Blocks and columns


def unpack(bits, count, width):
    number = int.from_bytes(bits, "little")
    mask = (1 << width) - 1
    return [number >> (i * width) & mask for i in range(count)]


def packed_values(body, count):
    values = [(value + body.base.value) & WORD for value in unpack(body.bits, count, body.width)]
    place = 0
    for exception in body.exceptions:
        place += exception.gap.value
        values[place] = (values[place] + (exception.high.value << body.width)) & WORD
        place += 1
    return values


def block_values(block, count):
    if block.encoding < 0x80:
        return [block.encoding] * count
    if block.encoding == 0x80:
        return [block.body.value] * count
    if block.encoding == 0x81:
        return list(block.body.values)
    if block.encoding == 0x82:
        return packed_values(block.body, count)
    if block.encoding == 0x83:
        values = [block.body.first.value]
        for delta in packed_values(block.body.deltas, count - 1):
            values.append((values[-1] + unzigzag(delta)) & WORD)
        return values
    if block.encoding == 0x84:
        dictionary, value = [], 0
        for step in block.body.steps:
            value = (value + step.value) & WORD
            dictionary.append(value)
        return [dictionary[index] for index in unpack(block.body.bits, count, block.body.width)]
    raise Bad(f"encoding {block.encoding:#x}")


SITE_ABI, SITE_NR, SITE_IP, SITE_CALLS, SITE_REGISTERS = 1, 2, 3, 4, 5
ORDER, GAP, DURATION, RETURN, SP, STACK, ARGUMENT, ENTRY_REGISTER, EXIT_REGISTER = 8, 9, 10, 11, 12, 13, 16, 32, 64
BLOBS, ENTRY_CAPTURES, EXIT_CAPTURES, CAPTURE_FIELDS = 6, 96, 97, range(98, 103)
BEFORE, NOTHING = 6, 7
X86_ARGUMENTS = [14, 13, 12, 7, 9, 8]
I386_ARGUMENTS = [5, 11, 12, 13, 14, 4]


def expected_at_entry(register, call):
    arguments = {1: X86_ARGUMENTS, 2: X86_ARGUMENTS, 3: I386_ARGUMENTS}.get(call["abi"])
    if arguments is None:
        return 0
    if register == 15:
        return call["nr"] & WORD
    if register == 16:
        return call["ip"]
    if register == 19:
        return call["sp"]
    return call["args"][arguments.index(register)] if register in arguments else 0


def list_of_captures(captures):
    return [
        {"address": c.address, "wanted_bytes": c.wanted_bytes, "cut": c.cut, "bytes": latin(c.bytes)}
        for c in captures.list
    ]


class CallsChunk:
    def __init__(self, kaitai, header, payload):
        self.kaitai = kaitai
        self.count = header.count
        self.columns = {
            entry.id.value: column for entry, column in zip(payload.directory, payload.columns)
        }
        if any(payload.zeros):
            raise Bad("something behind the columns")
        number = payload.num_sites.value
        one = lambda column: self.blocks(column, [number])[0]
        registers = one(SITE_REGISTERS) if SITE_REGISTERS in self.columns else [0] * number
        self.sites = list(zip(one(SITE_ABI), map(unzigzag, one(SITE_NR)), one(SITE_IP), one(SITE_CALLS), registers))
        self.first_ns = header.first_ns

    def blocks(self, column, counts):
        stream = self.kaitai.stream(self.columns[column])
        # A block of no values takes no bytes.
        read = lambda count: block_values(self.kaitai.types.Block(count, stream), count) if count else []
        values = [read(count) for count in counts]
        if not stream.is_eof():
            raise Bad("something behind the last block")
        return values

    def grouped(self, column, bit=0):
        """The values of each site."""
        if bit == 0:
            return self.blocks(column, [site[3] for site in self.sites])
        if column not in self.columns:
            return [[0] * site[3] for site in self.sites]
        with_it = [site for site in self.sites if site[4] & bit]
        blocks = iter(self.blocks(column, [site[3] for site in with_it]))
        return [next(blocks) if site[4] & bit else [0] * site[3] for site in self.sites]

    def blobs(self):
        blobs = self.kaitai.types.Blobs(self.kaitai.stream(self.columns[BLOBS]))
        strings, rest = [], blobs.bytes
        for length in block_values(blobs.lengths, blobs.count.value):
            if length > len(rest):
                raise Bad("a blob over the end")
            strings.append(rest[:length])
            rest = rest[length:]
        if rest:
            raise Bad("something behind the last blob")
        return strings

    def captures(self):
        """Of each site the captures of each call: a list of (name, base, offset, wanted, cut, bytes)."""
        ends = [("entry_captures", ENTRY_CAPTURES), ("exit_captures", EXIT_CAPTURES)]
        ends = [(name, self.grouped(column)) for name, column in ends if column in self.columns]
        if not ends:
            return [[[]] * site[3] for site in self.sites]
        totals = [sum(sum(counts[site]) for _, counts in ends) for site in range(len(self.sites))]
        fields = [self.blocks(column, totals) for column in CAPTURE_FIELDS]
        strings, sites = self.blobs(), []
        for site, (_, _, _, number, _) in enumerate(self.sites):
            values, calls = zip(*(field[site] for field in fields)), []
            for at in range(number):
                call = []
                for name, counts in ends:
                    for _ in range(counts[site][at]):
                        base, offset, wanted, cut, blob = next(values)
                        call.append((name, base, unzigzag(offset), unzigzag(wanted), cut, strings[blob]))
                calls.append(call)
            sites.append(calls)
        return sites

    @staticmethod
    def put_captures(call, captures):
        for name, base, offset, wanted, cut, string in captures:
            of_end = call.setdefault(name, [])
            if base == BEFORE:
                start = of_end[-1]["address"]
            else:
                start = 0 if base == NOTHING else call["args"][base]
            of_end.append(
                {
                    "address": (start + offset) & WORD,
                    "wanted_bytes": (len(string) + wanted) & WORD,
                    "cut": cut,
                    "bytes": latin(string),
                }
            )

    def calls(self):
        captures = self.captures()
        order = self.blocks(ORDER, [self.count])[0] if len(self.sites) > 1 else [0] * self.count
        gaps = self.blocks(GAP, [self.count])[0]
        columns = {column: self.grouped(column) for column in [DURATION, RETURN, SP, *range(16, 22)]}
        columns[STACK] = self.grouped(STACK) if STACK in self.columns else [[0] * site[3] for site in self.sites]
        sets = 0
        for site in self.sites:
            sets |= site[4]
        for bit, first in ((1, ENTRY_REGISTER), (2, EXIT_REGISTER)):
            if sets & bit:
                columns.update({first + r: self.grouped(first + r, bit) for r in range(27)})
        taken = [0] * len(self.sites)
        end, calls = self.first_ns, []
        for site, gap in zip(order, gaps):
            at = taken[site]
            taken[site] += 1
            value = lambda column: columns[column][site][at]
            abi, nr, ip, _, registers = self.sites[site]
            start = (end + unzigzag(gap)) & WORD
            call = {
                "start_ns": start,
                "duration_ns": value(DURATION),
                "abi": abi,
                "nr": nr,
                "ip": ip,
                "sp": value(SP),
                "args": [value(ARGUMENT + i) for i in range(6)],
                "ret": unzigzag(value(RETURN)),
                "entry_registers": None,
                "exit_registers": None,
            }
            if value(STACK):
                call["stack"] = value(STACK) - 1
            if registers & 1:
                call["entry_registers"] = [
                    (expected_at_entry(r, call) + unzigzag(value(ENTRY_REGISTER + r))) & WORD for r in range(27)
                ]
            if registers & 2:
                expected = list(call["entry_registers"] or [0] * 27)
                expected[10] = call["ret"] & WORD
                call["exit_registers"] = [
                    (expected[r] + unzigzag(value(EXIT_REGISTER + r))) & WORD for r in range(27)
                ]
            self.put_captures(call, captures[site][at])
            end = (start + call["duration_ns"]) & WORD
            calls.append(call)
        return calls


# Events

EVENT_NAMES = {
    1: "task_start",
    2: "exec",
    3: "name",
    4: "task_end",
    5: "signal",
    6: "stop",
    7: "continue",
    8: "unfinished",
    9: "mapping",
    10: "descriptor",
    11: "working_directory",
    12: "loss",
    13: "anchor",
    14: "mechanism",
    15: "recorder_call",
    16: "module",
    17: "stack_node",
}
EVENT_FIELDS = {
    5: ["signo", "code", "sender_pid", "address"],
    6: ["signo"],
    12: ["reason", "calls", "first_ns"],
    13: ["realtime_ns", "tsc"],
    15: ["nr", "ret"],
}


def one_less(number):
    return None if number == 0 else number - 1


def entry_fields(start_ns, abi, entry):
    fields = {
        "start_ns": start_ns,
        "abi": abi,
        "nr": entry.nr,
        "ip": entry.ip,
        "sp": entry.sp,
        "args": list(entry.args),
        "entry_registers": list(entry.registers) or None,
    }
    if getattr(entry, "stack", 0):
        fields["stack"] = entry.stack - 1
    if getattr(entry, "captures", None) and entry.captures.count:
        fields["entry_captures"] = list_of_captures(entry.captures)
    return fields


def event(record):
    body, kind = record.body, record.kind
    if kind not in EVENT_NAMES:
        fields = {"number": kind, "body": latin(body)}
    elif kind in EVENT_FIELDS:
        fields = {name: getattr(body, name) for name in EVENT_FIELDS[kind]}
    elif kind == 1:
        fields = {name: getattr(body, name) for name in ("tid", "pid", "process", "origin")}
        fields |= {"parent": task_or_none(body.parent), "comm": latin(body.comm.bytes)}
    elif kind == 2:
        fields = {"exe": latin(body.exe.bytes), "comm": latin(body.comm.bytes)}
        fields |= {"argv": [latin(a.bytes) for a in body.argv], "former": task_or_none(body.former)}
    elif kind == 3:
        fields = {"comm": latin(body.comm.bytes)}
    elif kind == 4:
        value = 0 if body.cause in (3, 4, 5) else body.value
        fields = {"cause": body.cause, "value": value, "core_dumped": body.cause == 2 and body.core_dumped != 0}
    elif kind == 7:
        fields = {}
    elif kind == 8:
        fields = {"reason": body.reason, "call": entry_fields(body.time_ns, body.abi, body)}
    elif kind == 9:
        fields = {name: getattr(body, name) for name in ("address", "length", "file_offset")}
        fields |= {"path": latin(body.path.bytes), "build_id": latin(body.build_id.bytes)}
    elif kind == 10:
        fields = {"fd": body.fd, "target": latin(body.target.bytes)}
    elif kind == 11:
        fields = {"path": latin(body.path.bytes)}
    elif kind == 14:
        fields = {"mechanism": latin(body.mechanism.bytes), "reason": latin(body.reason.bytes)}
    elif kind == 16:
        fields = {"module": body.module, "path": latin(body.path.bytes), "build_id": latin(body.build_id.bytes)}
    elif kind == 17:
        fields = {name: getattr(body, name) for name in ("node", "offset", "flags")}
        fields |= {"parent": one_less(body.parent), "module": one_less(body.module), "name": latin(body.name.bytes)}
    name = EVENT_NAMES.get(kind, "unknown")
    return {"time_ns": record.time_ns, "task": task_or_none(record.task), "kind": name, "body": fields}


def unfinished(time_ns, task, reason, call):
    return {"time_ns": time_ns, "task": task, "kind": "unfinished", "body": {"reason": reason, "call": call}}


# Metadata


def text(value):
    return value.bytes.decode("utf-8")


def session(block):
    host = block.host
    names = ["name", "system", "release", "version", "machine", "cpu_model"]
    return {
        "command": [latin(item.bytes) for item in block.command.items],
        "working_directory": latin(block.working_directory.bytes),
        "environment": [latin(i.bytes) for i in block.environment.value.items] if block.environment.is_some else None,
        "attached_pids": list(block.attached_pids.items),
        "host": {name: text(getattr(host, name)) for name in names}
        | {"cpus": host.cpus, "page_bytes": host.page_bytes},
        "recorder": text(block.recorder),
        "backend": text(block.backend),
        "backend_options": [text(item) for item in block.backend_options.items],
        "filter": text(block.filter.value) if block.filter.is_some else None,
        "all_registers": block.all_registers != 0,
        "started_realtime_ns": block.started_realtime_ns,
        "started_ns": block.started_ns,
        "notes": [text(item) for item in block.notes.items],
    }


def overhead(block):
    numbers = ["samples", "call_ns_median", "call_ns_p99", "inside_ns_median"]
    return {name: getattr(block, name) for name in numbers} | {
        "mechanism": text(block.mechanism),
        "method": text(block.method),
    }


TOTALS = (
    "calls errors unfinished events tasks lost_calls lost_events orphan_exits first_ns last_ns recorder_calls"
).split()


def summary(block):
    return {
        "totals": {name: getattr(block.totals, name) for name in TOTALS},
        "end_reason": block.end_reason,
        "recorder_cpu_ns": block.recorder_cpu_ns,
        "notes": [text(item) for item in block.notes.items],
    }


def symbols(block):
    names = [text(item) for item in block.texts.items]

    def function(item):
        return {
            "name": names[item.name],
            "file": names[item.file.value] if item.file.is_some else None,
            "line": item.line,
            "inlined": item.inlined != 0,
        }

    return [
        {
            "path": latin(module.path.bytes),
            "build_id": latin(module.build_id.bytes),
            "address": place.address,
            "in_file": place.in_file != 0,
            "functions": [function(item) for item in place.functions],
        }
        for module in block.modules
        for place in module.places
    ]


# The file


class Kaitai:
    def __init__(self, folder):
        sys.path.insert(0, folder)
        import kaitaistruct
        import sysrec

        self.types = sysrec.Sysrec
        self.make_stream = lambda data: kaitaistruct.KaitaiStream(io.BytesIO(data))

    def stream(self, data):
        return self.make_stream(data)

    def read(self, name, data):
        return getattr(self.types, name)(self.stream(data))


class Trace:
    """Reads a trace as README.md says, chapter "Integrity"."""

    def __init__(self, kaitai, data):
        self.kaitai, self.data = kaitai, data
        self.damages, self.frames, self.calls, self.events = [], [], {}, []
        self.session = self.summary = None
        self.symbols = []
        self.overheads, self.unknown_chunks = [], 0
        self.read_header()
        self.read_log()
        self.read_chunks()
        if self.completeness == "unfinished" and self.state is not None and not self.stale:
            self.recover_journal()

    def damage(self, offset, header=None, calls=None):
        damage = {"offset": offset, "kind": None, "task": None, "calls": calls}
        if header is not None:
            kind = int(header.kind)
            damage |= {"kind": kind, "task": task_or_none(header.task), "calls": header.count if kind == 3 else 0}
        self.damages.append(damage)

    def read_header(self):
        data = self.data
        if data[:8] != MAGIC:
            raise Refused("not a trace")
        if len(data) < 64:
            raise Refused("malformed")
        constants = self.kaitai.read("Constants", data)
        self.constants, self.version = constants, [constants.major, constants.minor]
        self.log_start = constants.header_bytes
        header_good = constants.crc == zlib.crc32(data[:60])
        if header_good:
            if constants.major > 1 or constants.required_features != 0:
                raise Refused("too new")
            if constants.major < 1:
                raise Refused("too old")
            if not 192 <= constants.header_bytes <= 65536 or constants.header_bytes % 8:
                raise Refused("malformed")
        else:
            self.version, self.log_start = [1, 0], HEADER_BYTES
            self.damage(0, calls=0)
        if len(data) < HEADER_BYTES:
            raise Refused("malformed")
        states = []
        for offset in (64, 128):
            state = self.kaitai.read("State", data[offset:])
            if state.crc == 0 and state.sequence == 0:
                continue
            if state.crc != zlib.crc32(data[offset + 4 : offset + 64]):
                self.damage(offset, calls=0)
                continue
            states.append(state)
        self.state = max(states, key=lambda state: state.sequence, default=None)
        self.seed = zlib.crc32(constants.trace_id)
        if not header_good and self.state is not None:
            self.seed = self.state.seed

    def frame_at(self, offset, end):
        """A frame header; `None` where there is no good one. `Bad` carries one whose frame goes over the end."""
        raw = self.data[offset : offset + FRAME_BYTES]
        if len(raw) < FRAME_BYTES or raw[:4] != MARKER:
            return None
        crc = struct.unpack_from("<I", raw, 8)[0]
        if crc != zlib.crc32(raw[:8] + bytes(4) + raw[12:], self.seed):
            return None
        header = self.kaitai.read("FrameHeader", raw)
        if header.payload_bytes > PAYLOAD_BYTES_MAX:
            return None
        if offset + self.frame_bytes(header) > end:
            raise Bad(header)
        return header

    @staticmethod
    def frame_bytes(header):
        return FRAME_BYTES + (header.payload_bytes + 7) // 8 * 8

    def scan(self, log_end):
        end = min(log_end, len(self.data))
        offset, sequence, known_to, behind_damage = self.log_start, 0, 0, False
        while offset < end:
            cut = None
            try:
                header = self.frame_at(offset, end)
            except Bad as bad:
                header, cut = None, bad.args[0]
            if header is None:
                known_to = offset + self.frame_bytes(cut) if cut else 0
                self.damage(offset, cut)
                offset, behind_damage = self.next_frame(offset + 8, end, sequence), True
                continue
            if header.sequence != sequence and not behind_damage:
                self.damage(offset)
            behind_damage = False
            sequence = header.sequence + 1
            if int(header.kind) != 6:
                self.frames.append((offset, header))
            offset += self.frame_bytes(header)
        if log_end > len(self.data):
            self.damage(len(self.data), calls=0 if known_to >= log_end else None)

    def next_frame(self, offset, end, sequence):
        for place in range(offset, end, 8):
            try:
                header = self.frame_at(place, end)
            except Bad:
                continue
            if header is not None and header.sequence >= sequence:
                return place
        return end

    def read_index(self):
        state, data = self.state, self.data
        footer_raw = data[state.log_end :]
        if len(footer_raw) != FOOTER_BYTES or footer_raw[24:] != MAGIC[::-1]:
            return False
        footer = self.kaitai.read("Footer", footer_raw)
        if footer.crc != zlib.crc32(footer_raw[:20], self.seed):
            return False
        if (footer.index_offset, footer.log_end) != (state.index_offset, state.log_end):
            return False
        header = self.frame_at(state.index_offset, state.log_end)
        if header is None or int(header.kind) != 6:
            return False
        start = state.index_offset + FRAME_BYTES
        payload = data[start : start + header.payload_bytes]
        if zlib.crc32(payload) != header.payload_crc:
            return False
        index = self.kaitai.types.Index(header.count, self.kaitai.stream(payload))
        self.frames = [(entry.offset, entry.header) for entry in index.entries]
        return True

    def read_log(self):
        self.stale, self.completeness = False, "unfinished"
        state = self.state
        if state is None:
            raise Bad("no state: not in the corpus")
        if int(state.phase) in (2, 3):
            self.completeness = "complete" if int(state.phase) == 2 else "stopped early"
            if not self.read_index():
                known = len(self.damages)
                self.scan(state.log_end)
                if len(self.damages) == known:
                    self.damage(min(state.index_offset, len(self.data)), calls=0)
            return
        self.scan(state.log_end)
        offset, behind = state.log_end, []
        sequence = self.frames[-1][1].sequence + 1 if self.frames else 0
        while offset < len(self.data):
            try:
                header = self.frame_at(offset, len(self.data))
            except Bad:
                break
            if header is None or header.sequence != sequence:
                break
            behind.append((offset, header))
            offset, sequence = offset + self.frame_bytes(header), sequence + 1
        if any(header.generation > state.generation for _, header in behind):
            self.stale = True
            self.frames += behind
            self.damage(offset)

    def read_chunks(self):
        for offset, header in self.frames:
            start, kind = offset + FRAME_BYTES, int(header.kind)
            payload = self.data[start : start + header.payload_bytes]
            padding = self.data[start + header.payload_bytes : offset + self.frame_bytes(header)]
            if len(payload) < header.payload_bytes or zlib.crc32(payload) != header.payload_crc or any(padding):
                self.damage(offset, header)
                continue
            body = self.kaitai.read("Frame", self.data[offset:]).payload
            if kind == 1:
                self.session = self.session or session(body)
            elif kind == 2:
                self.overheads.append(overhead(body))
            elif kind == 3:
                calls = CallsChunk(self.kaitai, header, body).calls()
                self.calls.setdefault(str(header.task), []).extend(calls)
            elif kind == 4:
                self.events += [event(record) for record in body.records]
            elif kind == 5:
                self.summary = summary(body)
            elif kind == 7:
                self.symbols += symbols(body)
            else:
                self.unknown_chunks += 1

    def rows(self):
        state = self.state
        journal = self.data[state.journal_offset : state.journal_offset + state.journal_bytes]
        if len(journal) < state.journal_bytes:
            self.damage(state.journal_offset + len(journal))
        seed = zlib.crc32(struct.pack("<Q", state.generation), self.seed)
        at, bad = 0, None
        while at + 8 <= len(journal):
            if journal[at : at + 8] == bytes(8) and bad is None:
                return
            crc, _, _, units = struct.unpack_from("<IBBH", journal, at)
            end = at + 8 + 8 * units
            good = end <= len(journal) and crc == zlib.crc32(journal[at + 4 : end], seed)
            if good:
                bad = None
                yield self.kaitai.read("JournalRow", journal[at:end])
                at = end
            else:
                if bad is None:
                    bad = at
                    self.damage(state.journal_offset + at)
                at += 8

    def recover_journal(self):
        pending, at_exit, calls, latest = {}, {}, {}, 0
        for row in self.rows():
            kind, body = int(row.kind), row.body
            if kind in (1, 2, 3, 4):
                latest = max(latest, body.time_ns)
            if kind == 1:
                older = pending.pop(body.task, None)
                if older is not None:
                    self.events.append(unfinished(body.time_ns, body.task, VANISHED, older))
                pending[body.task] = entry_fields(body.time_ns, row.detail, body)
                at_exit.pop(body.task, None)
            elif kind == 6 and body.task in pending and body.captures.count:
                if row.detail == 0:
                    pending[body.task]["entry_captures"] = list_of_captures(body.captures)
                else:
                    at_exit[body.task] = {"exit_captures": list_of_captures(body.captures)}
            elif kind == 2 and body.task in pending:
                call = pending.pop(body.task)
                call.update(at_exit.pop(body.task, {}))
                call["duration_ns"] = max(0, body.time_ns - call["start_ns"])
                call["ret"] = body.ret
                call["exit_registers"] = list(body.registers) or None
                calls.setdefault(str(body.task), []).append(call)
            elif kind == 3 and body.task in pending:
                self.events.append(unfinished(body.time_ns, body.task, row.detail, pending.pop(body.task)))
            elif kind == 4:
                self.events.append(event(body))
            elif kind == 5 and body.task in pending:
                pending[body.task]["stack"] = body.stack
        for task, call in pending.items():
            self.events.append(unfinished(latest, task, ENDED, call))
        if self.state.lost_calls:
            last = max((header.last_ns for _, header in self.frames), default=0)
            body = {"reason": STORAGE_FULL, "calls": self.state.lost_calls, "first_ns": last}
            self.events.append({"time_ns": last, "task": None, "kind": "loss", "body": body})
        for task, more in calls.items():
            self.calls.setdefault(task, []).extend(more)

    def meaning(self):
        return {
            "version": self.version,
            "trace_id": latin(self.constants.trace_id),
            "created_realtime_ns": self.constants.created_realtime_ns,
            "clock": self.constants.clock,
            "completeness": self.completeness,
            "damages": sorted(self.damages, key=lambda damage: damage["offset"]),
            "unknown_chunks": self.unknown_chunks,
            "session": self.session,
            "overheads": self.overheads,
            "summary": self.summary,
            "calls": self.calls,
            "events": self.events,
        } | ({"symbols": self.symbols} if self.symbols else {})


def meaning(kaitai, data):
    try:
        return Trace(kaitai, data).meaning()
    except Refused as refused:
        return {"refused": refused.args[0]}


def difference(found, expected, path=""):
    """The first place where two values differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(set(expected) | set(found)):
            if key not in expected or key not in found:
                return f"{path}/{key} is only in {'the JSON' if key in expected else 'the trace'}"
            inside = difference(found[key], expected[key], f"{path}/{key}")
            if inside:
                return inside
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for i, (one, other) in enumerate(zip(found, expected)):
            inside = difference(one, other, f"{path}/{i}")
            if inside:
                return inside
    elif found != expected:
        return f"{path}: expected {str(expected)[:200]}, found {str(found)[:200]}"
    return None


def main():
    kaitai = Kaitai(sys.argv[1])
    traces = [pathlib.Path(path) for path in sys.argv[2:]] or sorted((HERE / "corpus").glob("*/*.bin"))
    failed = 0
    for path in traces:
        expected = json.loads(path.with_suffix(".json").read_text())
        if "damages" in expected:
            expected["damages"].sort(key=lambda damage: damage["offset"])
        found = meaning(kaitai, path.read_bytes())
        problem = difference(found, expected)
        if problem:
            failed += 1
            print(f"{path.parent.name}/{path.name}: {problem}")
    print(f"{len(traces)} traces, {failed} read differently")
    sys.exit(1 if failed or not traces else 0)


if __name__ == "__main__":
    main()
