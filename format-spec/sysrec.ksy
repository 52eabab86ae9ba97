meta:
  id: sysrec
  title: sysrec trace, format version 1
  file-extension: bin
  license: MIT OR Apache-2.0
  endian: le
  ks-version: '0.10'
doc: |
  The structure of a sysrec trace; README.md beside this file says what it means. The root is the header. Where the
  log ends, which journal counts and which frames are good depends on CRCs, which Kaitai Struct does not compute: a
  program reads a `frame`, `journal_row` or `footer` where the document says that there is one.
seq:
  - id: constants
    type: constants
  - id: states
    type: state
    repeat: expr
    repeat-expr: 2
types:
  constants:
    seq:
      - id: magic
        contents: [0x89, 'SREC', 0x0d, 0x0a, 0x0a]
      - id: major
        type: u2
      - id: minor
        type: u2
      - id: header_bytes
        type: u4
      - id: required_features
        type: u8
      - id: optional_features
        type: u8
      - id: trace_id
        size: 16
      - id: created_realtime_ns
        type: u8
      - id: clock
        type: u1
      - id: reserved
        size: 3
      - id: crc
        type: u4
  state:
    seq:
      - id: crc
        type: u4
      - id: sequence
        type: u4
      - id: phase
        type: u4
        enum: phase
      - id: seed
        type: u4
      - id: log_end
        type: u8
      - id: generation
        type: u8
      - id: journal_offset
        type: u8
      - id: journal_bytes
        type: u8
      - id: lost_calls
        type: u8
      - id: index_offset
        type: u8
  frame_header:
    seq:
      - id: marker
        contents: [0xf3, 0x51, 0xc7, 0x9e]
      - id: kind
        type: u2
        enum: chunk_kind
      - id: flags
        type: u2
      - id: header_crc
        type: u4
      - id: payload_crc
        type: u4
      - id: payload_bytes
        type: u4
      - id: task
        type: u4
      - id: count
        type: u4
      - id: sequence
        type: u4
      - id: generation
        type: u8
      - id: first_ns
        type: u8
      - id: last_ns
        type: u8
  frame:
    seq:
      - id: header
        type: frame_header
      - id: payload
        size: header.payload_bytes
        type:
          switch-on: header.kind
          cases:
            'chunk_kind::session': session
            'chunk_kind::overhead': overhead
            'chunk_kind::calls': calls
            'chunk_kind::events': events(header.count)
            'chunk_kind::summary': summary
            'chunk_kind::index': index(header.count)
            'chunk_kind::symbols': symbols
      - id: padding
        size: (8 - header.payload_bytes % 8) % 8
  index:
    params:
      - id: count
        type: u4
    seq:
      - id: entries
        type: index_entry
        repeat: expr
        repeat-expr: count
  index_entry:
    seq:
      - id: offset
        type: u8
      - id: header
        type: frame_header
  footer:
    seq:
      - id: index_offset
        type: u8
      - id: log_end
        type: u8
      - id: frames
        type: u4
      - id: crc
        type: u4
      - id: magic
        contents: [0x0a, 0x0a, 0x0d, 'CERS', 0x89]

  # metadata blocks: bincode, fixed-width integers, u64 lengths
  text:
    seq:
      - id: len
        type: u8
      - id: bytes
        size: len
  texts:
    seq:
      - id: len
        type: u8
      - id: items
        type: text
        repeat: expr
        repeat-expr: len
  i32s:
    seq:
      - id: len
        type: u8
      - id: items
        type: s4
        repeat: expr
        repeat-expr: len
  optional_texts:
    seq:
      - id: is_some
        type: u1
      - id: value
        type: texts
        if: is_some == 1
  optional_text:
    seq:
      - id: is_some
        type: u1
      - id: value
        type: text
        if: is_some == 1
  host:
    seq:
      - id: name
        type: text
      - id: system
        type: text
      - id: release
        type: text
      - id: version
        type: text
      - id: machine
        type: text
      - id: cpu_model
        type: text
      - id: cpus
        type: u4
      - id: page_bytes
        type: u4
  session:
    seq:
      - id: block_version
        type: u2
      - id: command
        type: texts
      - id: working_directory
        type: text
      - id: environment
        type: optional_texts
      - id: attached_pids
        type: i32s
      - id: host
        type: host
      - id: recorder
        type: text
      - id: backend
        type: text
      - id: backend_options
        type: texts
      - id: filter
        type: optional_text
      - id: all_registers
        type: u1
      - id: started_realtime_ns
        type: u8
      - id: started_ns
        type: u8
      - id: notes
        type: texts
  overhead:
    seq:
      - id: block_version
        type: u2
      - id: mechanism
        type: text
      - id: method
        type: text
      - id: samples
        type: u8
      - id: call_ns_median
        type: u8
      - id: call_ns_p99
        type: u8
      - id: inside_ns_median
        type: u8
  totals:
    seq:
      - id: calls
        type: u8
      - id: errors
        type: u8
      - id: unfinished
        type: u8
      - id: events
        type: u8
      - id: tasks
        type: u8
      - id: lost_calls
        type: u8
      - id: lost_events
        type: u8
      - id: orphan_exits
        type: u8
      - id: first_ns
        type: u8
      - id: last_ns
        type: u8
      - id: recorder_calls
        type: u8
  summary:
    seq:
      - id: block_version
        type: u2
      - id: totals
        type: totals
      - id: end_reason
        type: u1
      - id: recorder_cpu_ns
        type: u8
      - id: notes
        type: texts
  optional_u4:
    seq:
      - id: is_some
        type: u1
      - id: value
        type: u4
        if: is_some != 0
  symbol_function:
    seq:
      - id: name
        type: u4
      - id: file
        type: optional_u4
      - id: line
        type: u4
      - id: inlined
        type: u1
  symbol_place:
    seq:
      - id: address
        type: u8
      - id: in_file
        type: u1
      - id: num_functions
        type: u8
      - id: functions
        type: symbol_function
        repeat: expr
        repeat-expr: num_functions
  symbol_module:
    seq:
      - id: path
        type: text
      - id: build_id
        type: text
      - id: num_places
        type: u8
      - id: places
        type: symbol_place
        repeat: expr
        repeat-expr: num_places
  symbols:
    seq:
      - id: block_version
        type: u2
      - id: texts
        type: texts
      - id: num_modules
        type: u8
      - id: modules
        type: symbol_module
        repeat: expr
        repeat-expr: num_modules

  # CALLS
  varint:
    seq:
      - id: groups
        type: varint_group
        repeat: until
        repeat-until: not _.more
    instances:
      value:
        value: >-
          groups[0].bits
          + (groups.size > 1 ? groups[1].bits << 7 : 0)
          + (groups.size > 2 ? groups[2].bits << 14 : 0)
          + (groups.size > 3 ? groups[3].bits << 21 : 0)
          + (groups.size > 4 ? groups[4].bits << 28 : 0)
          + (groups.size > 5 ? groups[5].bits << 35 : 0)
          + (groups.size > 6 ? groups[6].bits << 42 : 0)
          + (groups.size > 7 ? groups[7].bits << 49 : 0)
          + (groups.size > 8 ? groups[8].bits << 56 : 0)
          + (groups.size > 9 ? groups[9].bits << 63 : 0)
  varint_group:
    seq:
      - id: byte
        type: u1
    instances:
      more:
        value: byte >= 128
      bits:
        value: byte & 127
  calls:
    seq:
      - id: num_sites
        type: varint
      - id: num_columns
        type: varint
      - id: directory
        type: column_entry
        repeat: expr
        repeat-expr: num_columns.value
      - id: columns
        size: directory[_index].len.value
        repeat: expr
        repeat-expr: num_columns.value
      - id: zeros
        size-eos: true
  blobs:
    seq:
      - id: count
        type: varint
      - id: lengths
        type: block(count.value)
      - id: bytes
        size-eos: true
  column_entry:
    seq:
      - id: id
        type: varint
      - id: len
        type: varint
  block:
    params:
      - id: count
        type: u4
    seq:
      - id: encoding
        type: u1
      - id: body
        type:
          switch-on: encoding
          cases:
            0x80: varint
            0x81: raw_body(count)
            0x82: packed_body(count)
            0x83: delta_body(count)
            0x84: dictionary_body(count)
        if: encoding >= 0x80
  raw_body:
    params:
      - id: count
        type: u4
    seq:
      - id: values
        type: u8
        repeat: expr
        repeat-expr: count
  packed_body:
    params:
      - id: count
        type: u4
    seq:
      - id: base
        type: varint
      - id: width
        type: u1
      - id: num_exceptions
        type: varint
      - id: bits
        size: (count * width + 7) / 8
      - id: exceptions
        type: exception
        repeat: expr
        repeat-expr: num_exceptions.value
  exception:
    seq:
      - id: gap
        type: varint
      - id: high
        type: varint
  delta_body:
    params:
      - id: count
        type: u4
    seq:
      - id: first
        type: varint
      - id: deltas
        type: packed_body(count - 1)
  dictionary_body:
    params:
      - id: count
        type: u4
    seq:
      - id: num_values
        type: varint
      - id: steps
        type: varint
        repeat: expr
        repeat-expr: num_values.value
      - id: bits
        size: (count * width + 7) / 8
    instances:
      width:
        value: >-
          num_values.value <= 1 ? 0 : num_values.value <= 2 ? 1 : num_values.value <= 4 ? 2 :
          num_values.value <= 8 ? 3 : num_values.value <= 16 ? 4 : num_values.value <= 32 ? 5 :
          num_values.value <= 64 ? 6 : num_values.value <= 128 ? 7 : 8

  # EVENTS
  events:
    params:
      - id: count
        type: u4
    seq:
      - id: records
        type: event
        repeat: expr
        repeat-expr: count
  event:
    seq:
      - id: time_ns
        type: u8
      - id: task
        type: u4
      - id: kind
        type: u2
      - id: body_bytes
        type: u4
      - id: body
        size: body_bytes
        type:
          switch-on: kind
          cases:
            1: task_start
            2: exec
            3: name
            4: task_end
            5: signal
            6: stop
            8: unfinished
            9: mapping
            10: descriptor
            11: working_directory
            12: loss
            13: anchor
            14: mechanism
            15: recorder_call
            16: module
            17: stack_node
  bytes32:
    seq:
      - id: len
        type: u4
      - id: bytes
        size: len
  task_start:
    seq:
      - id: tid
        type: s4
      - id: pid
        type: s4
      - id: process
        type: u4
      - id: parent
        type: u4
      - id: origin
        type: u1
      - id: comm
        type: bytes32
  exec:
    seq:
      - id: former
        type: u4
      - id: exe
        type: bytes32
      - id: comm
        type: bytes32
      - id: argc
        type: u4
      - id: argv
        type: bytes32
        repeat: expr
        repeat-expr: argc
  name:
    seq:
      - id: comm
        type: bytes32
  task_end:
    seq:
      - id: cause
        type: u1
      - id: core_dumped
        type: u1
      - id: value
        type: s4
  signal:
    seq:
      - id: signo
        type: s4
      - id: code
        type: s4
      - id: sender_pid
        type: s4
      - id: address
        type: u8
  stop:
    seq:
      - id: signo
        type: s4
  unfinished:
    seq:
      - id: reason
        type: u1
      - id: abi
        type: u1
      - id: num_registers
        type: u1
      - id: nr
        type: s4
      - id: time_ns
        type: u8
      - id: ip
        type: u8
      - id: sp
        type: u8
      - id: args
        type: u8
        repeat: expr
        repeat-expr: 6
      - id: registers
        type: u8
        repeat: expr
        repeat-expr: num_registers
      - id: stack
        type: u4
        if: not _io.eof
      - id: captures
        type: captures
        if: not _io.eof
  captures:
    seq:
      - id: count
        type: u4
      - id: list
        type: capture
        repeat: expr
        repeat-expr: count
  capture:
    seq:
      - id: address
        type: u8
      - id: wanted_bytes
        type: u8
      - id: cut
        type: u1
      - id: len
        type: u4
      - id: bytes
        size: len
  mapping:
    seq:
      - id: address
        type: u8
      - id: length
        type: u8
      - id: file_offset
        type: u8
      - id: path
        type: bytes32
      - id: build_id
        type: bytes32
  descriptor:
    seq:
      - id: fd
        type: s4
      - id: target
        type: bytes32
  working_directory:
    seq:
      - id: path
        type: bytes32
  loss:
    seq:
      - id: reason
        type: u1
      - id: calls
        type: u8
      - id: first_ns
        type: u8
  anchor:
    seq:
      - id: realtime_ns
        type: u8
      - id: tsc
        type: u8
  mechanism:
    seq:
      - id: mechanism
        type: bytes32
      - id: reason
        type: bytes32
  recorder_call:
    seq:
      - id: nr
        type: s4
      - id: ret
        type: s8

  module:
    seq:
      - id: module
        type: u4
      - id: path
        type: bytes32
      - id: build_id
        type: bytes32
  stack_node:
    seq:
      - id: node
        type: u4
      - id: parent
        type: u4
      - id: module
        type: u4
      - id: offset
        type: u8
      - id: flags
        type: u1
      - id: name
        type: bytes32

  # the journal
  journal_row:
    seq:
      - id: crc
        type: u4
      - id: kind
        type: u1
        enum: row_kind
      - id: detail
        type: u1
      - id: units
        type: u2
      - id: body
        size: units * 8
        type:
          switch-on: kind
          cases:
            'row_kind::entry': entry_row
            'row_kind::exit': exit_row
            'row_kind::end': end_row
            'row_kind::event': event
            'row_kind::stack': stack_row
            'row_kind::capture': capture_row
  entry_row:
    seq:
      - id: time_ns
        type: u8
      - id: task
        type: u4
      - id: nr
        type: s4
      - id: ip
        type: u8
      - id: sp
        type: u8
      - id: args
        type: u8
        repeat: expr
        repeat-expr: 6
      - id: registers
        type: u8
        repeat: eos
  exit_row:
    seq:
      - id: time_ns
        type: u8
      - id: ret
        type: s8
      - id: task
        type: u4
      - id: zero
        type: u4
      - id: registers
        type: u8
        repeat: eos
  end_row:
    seq:
      - id: time_ns
        type: u8
      - id: task
        type: u4
      - id: zero
        type: u4
  stack_row:
    seq:
      - id: task
        type: u4
      - id: stack
        type: u4
  capture_row:
    seq:
      - id: task
        type: u4
      - id: captures
        type: captures
enums:
  phase:
    1: recording
    2: complete
    3: stopped_early
  chunk_kind:
    1: session
    2: overhead
    3: calls
    4: events
    5: summary
    6: index
    7: symbols
  row_kind:
    1: entry
    2: exit
    3: end
    4: event
    5: stack
    6: capture
    255: void
