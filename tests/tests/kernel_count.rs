//! The kernel's count and a recording agree, to the call, on real programs: so both, and the rule between them, hold.

use std::process::Command;
use std::time::Duration;

use sysrec_format::event::Abi;
use sysrec_tests::backends::{Family, STRACE};
use sysrec_tests::conform::{RecordedCall, counts};
use sysrec_tests::oracle::{Allowance, Oracle, Scope, compare};
use sysrec_tests::run::{self, Counted, RunError};
use sysrec_tests::{each_backend, strace, tests_of};

const PATIENCE: Duration = Duration::from_secs(60);

each_backend!(
    ls,
    git,
    compiler,
    python,
    pipeline,
    shell_with_many_processes,
    redis,
    nginx,
    node,
    java,
    rust,
    valgrind,
    address_sanitizer,
    thread_sanitizer
);

/// strace stands for the count itself: both are independent of sysrec.
const STRACE_FAMILY: Family = Family { plain: STRACE, registers: STRACE, unplaced: STRACE, net: STRACE };
tests_of!(
    strace_itself,
    super::STRACE_FAMILY,
    ls,
    git,
    compiler,
    python,
    pipeline,
    shell_with_many_processes,
    redis,
    nginx,
    node,
    java,
    rust,
    valgrind,
    address_sanitizer,
    thread_sanitizer
);

/// Runs a shell script that needs `program` under a backend, and compares that with the kernel's count.
fn agree_on(family: &Family, program: &str, script: &str) {
    if !installed(program) {
        return println!("SKIP: {program} is not installed");
    }
    let differences = differences(family, program, script);
    assert!(differences.is_empty(), "{program} under {}:\n{}", family.plain.name, differences.join("\n"));
}

fn differences(Family { plain: backend, .. }: &Family, program: &str, script: &str) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let counted = match run::run_counted(&["sh", "-c", script], dir.path(), backend) {
        Ok(counted) => counted,
        Err(RunError::Skip(skip)) => {
            println!("{program} under {}: {skip}", backend.name);
            return Vec::new();
        }
        Err(RunError::Failed(error)) => panic!("{program} under {}: {error}", backend.name),
    };
    let Counted { status, stdout, stderr, recorded, allowance, kernel } = counted;
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{program} under {}: {status}\n{stdout}{stderr}", backend.name);
    let differences: Vec<_> =
        compare(&recorded, &allowance, &kernel).iter().map(ToString::to_string).collect();
    let calls: u64 = recorded.values().sum();
    assert!(calls > 100, "{program} under {}: only {calls} calls", backend.name);
    let (numbers, found) = (recorded.len(), differences.len());
    println!("{program} under {}: {calls} calls of {numbers} numbers, {found} differences", backend.name);
    differences
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into()]).any(|dir| dir.join(program).exists())
}

fn ls(backend: &Family) {
    agree_on(backend, "ls", "ls -lR /usr/include");
}

fn git(backend: &Family) {
    agree_on(
        backend,
        "git",
        "git init -q r && cd r && git config user.email a@b && git config user.name n && seq 1000 > f && git add f && \
         git commit -qm m && git log --stat && git status && git gc -q",
    );
}

fn compiler(backend: &Family) {
    agree_on(backend, "gcc", "echo 'int main(void) { return 0; }' > a.c && gcc -O1 -pthread a.c -o a && ./a");
}

fn python(backend: &Family) {
    agree_on(
        backend,
        "python3",
        "python3 -c 'import json, threading, subprocess; subprocess.run([\"true\"]); \
         [threading.Thread(target=json.dumps, args=([1],)).start() for i in range(30)]'",
    );
}

fn pipeline(backend: &Family) {
    agree_on(backend, "tar", "tar -cf - -C /usr/include linux | gzip -1 | gzip -dc | tar -tf - | wc -l");
}

fn shell_with_many_processes(backend: &Family) {
    agree_on(backend, "sh", "for i in $(seq 100); do (echo $i | cat | cat) & done; wait");
}

fn redis(backend: &Family) {
    agree_on(
        backend,
        "redis-server",
        "redis-server --port 0 --unixsocket s --save '' --daemonize no > /dev/null & \
         until redis-cli -s s ping > /dev/null 2>&1; do :; done; \
         seq 300 | sed 's/^/set k/; s/$/ v/' | redis-cli -s s > /dev/null; redis-cli -s s shutdown nosave; wait",
    );
}

fn nginx(backend: &Family) {
    agree_on(
        backend,
        "nginx",
        "mkdir logs && printf '%s\n' 'daemon off; worker_processes 2; pid pid; error_log logs/error;' \
         'events {} http { access_log off; server { listen unix:s; location / { return 200 hello; } } }' > conf && \
         { /usr/sbin/nginx -p . -e logs/error -c conf & } && until test -S s && test -s pid; do :; done && \
         python3 -c 'import socket\nfor i in range(100):\n s = socket.socket(socket.AF_UNIX); s.connect(\"s\"); \
         s.send(b\"GET / HTTP/1.0\\r\\n\\r\\n\"); assert b\"200\" in s.recv(4096)' && kill -QUIT $(cat pid) && wait",
    );
}

/// A runtime that translates code while it runs, with worker threads and timers.
fn node(backend: &Family) {
    agree_on(
        backend,
        "node",
        "echo 'const { Worker, isMainThread } = require(\"worker_threads\"); let sum = 0; \
         for (let i = 0; i < 3e6; i++) sum += i % 7; \
         if (isMainThread) { for (let i = 0; i < 3; i++) new Worker(__filename); \
         setTimeout(() => console.log(sum), 20); }' > a.js && node a.js",
    );
}

/// Another one, which takes SIGSEGV as a normal thing and stops its threads at pages.
fn java(backend: &Family) {
    agree_on(
        backend,
        "javac",
        "echo 'public class A { static int[] kept; public static void main(String[] a) throws Exception { \
         Thread[] all = new Thread[8]; for (int i = 0; i < 8; i++) { all[i] = new Thread(() -> { \
         for (int k = 0; k < 20000; k++) kept = new int[1000]; }); all[i].start(); } \
         for (Thread t : all) t.join(); System.gc(); \
         try { kept = null; System.out.println(kept[0]); } catch (NullPointerException e) { System.out.println(1); } } \
         }' > A.java && javac A.java && java -Xmx64m A",
    );
}

fn rust(backend: &Family) {
    agree_on(backend, "rustc", "echo 'fn main() { println!(\"{}\", 6 * 7) }' > a.rs && rustc -O a.rs && ./a");
}

/// Runs the program's code by a translation of its own, its calls too.
fn valgrind(backend: &Family) {
    agree_on(backend, "valgrind", "valgrind -q --error-exitcode=9 /bin/true && valgrind -q ls / | wc -l");
}

const RACE_FREE: &str = "echo '#include <pthread.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
     static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; static int sum;\n\
     static void *body(void *a) { for (int i = 0; i < 500; i++) { pthread_mutex_lock(&lock); sum += getppid() > 0; \
     pthread_mutex_unlock(&lock); free(malloc(100)); } return a; }\n\
     int main(void) { pthread_t t[4]; for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, body, 0); \
     for (int i = 0; i < 4; i++) pthread_join(t[i], 0); return sum != 2000; }' > a.c";

fn address_sanitizer(backend: &Family) {
    // Its search for leaks traces the program, which one tracer alone can do.
    let run = "gcc -g -fsanitize=address -pthread a.c -o a && ASAN_OPTIONS=detect_leaks=0 ./a";
    agree_on(backend, "gcc", &format!("{RACE_FREE} && {run}"));
}

fn thread_sanitizer(backend: &Family) {
    agree_on(backend, "gcc", &format!("{RACE_FREE} && gcc -g -fsanitize=thread -pthread a.c -o a && ./a"));
}

#[test]
fn the_count_sees_a_call_that_a_recording_lacks() {
    let (oracle, dir) = match (Oracle::new(), tempfile::tempdir()) {
        (Ok(oracle), Ok(dir)) if strace::available().is_ok() => (oracle, dir),
        _ => return println!("SKIP: no kernel count or no strace here"),
    };
    let output = dir.path().join("strace");
    let words = strace::command_line(&output);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).arg("true");
    run::to_the_end(&mut command, |command| oracle.spawn(command, Scope::Tracee)).expect("the run ends");
    let kernel = oracle.finish(PATIENCE).expect("a count");
    let mut calls = strace::read(&output).expect("strace's text");
    let judge = |calls: &[RecordedCall]| compare(&counts(calls), &Allowance::default(), &kernel);
    assert_eq!(judge(&calls), []);
    let lost = calls.pop().expect("a call");
    let found = judge(&calls);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].abi, found[0].nr), (lost.abi, lost.nr));
}

#[test]
fn counts_running_at_the_same_time_do_not_mix() {
    let (first, second) = match (Oracle::new(), Oracle::new()) {
        (Ok(first), Ok(second)) => (first, second),
        _ => return println!("SKIP: no kernel count here"),
    };
    let execs = |oracle: Oracle, rounds: u64| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("for i in $(seq {rounds}); do /bin/true; done")]);
        run::to_the_end(&mut command, |command| oracle.spawn(command, Scope::Command)).expect("the run ends");
        let counts = oracle.finish(PATIENCE).expect("a count");
        // At the return of a successful execve the number still stands; a failed one is no exec.
        let exec = counts[&(Abi::X86_64, libc::SYS_execve as i32)];
        exec.entered + exec.first_exec
    };
    let other = std::thread::spawn(move || execs(second, 40));
    // The shell itself, seq, and each round.
    assert_eq!(execs(first, 25), 1 + 1 + 25);
    assert_eq!(other.join().expect("no panic"), 1 + 1 + 40);
}
