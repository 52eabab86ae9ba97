// Calls of getppid from Rust: closures, trait objects, a panic that is caught, a thread.
use std::hint::black_box;

unsafe extern "C" {
    fn getppid() -> i32;
}

#[inline(never)]
fn mark() {
    black_box(unsafe { getppid() });
}

#[inline(never)]
fn nested(depth: u32) {
    if black_box(depth) > 0 { nested(depth - 1) } else { mark() }
    black_box(());
}

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        mark();
    }
}

#[inline(never)]
fn panics() {
    let _guard = Guard;
    let zero = black_box(0_usize);
    black_box([1, 2][zero + 7 % 8]);
}

fn main() {
    nested(3);
    let closure: Box<dyn Fn(u32)> = Box::new(|depth| nested(depth));
    black_box(&closure)(1);
    std::panic::set_hook(Box::new(|_| ()));
    let _ = std::panic::catch_unwind(panics);
    std::thread::spawn(|| nested(2)).join().unwrap();
    (0..2).map(black_box).for_each(|_| mark());
}
