// One thread a row: its own sum is the row's.

const GROUP = 1u;

fn sumOverRow(value: f32, thread: u32) -> f32 { return value; }
