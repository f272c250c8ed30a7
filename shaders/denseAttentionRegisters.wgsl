// How a thread comes by the other side of its pairs without workgroup memory: it reads the rows from the buffers. All threads
// of a workgroup read the same row, which a cache serves.

fn loadKeys(place: Place, first: u32, thread: u32) {}
fn keyAt(place: Place, first: u32, at: u32) -> Row { return readRow(place, min(first + at, sizes.tokens - 1u), KEY); }
fn valueAt(place: Place, first: u32, at: u32) -> Row { return readRow(place, min(first + at, sizes.tokens - 1u), VALUE); }

fn loadQueries(place: Place, first: u32, thread: u32) {}
fn queryAt(place: Place, first: u32, at: u32) -> Row { return readRow(place, first + at, QUERY); }
fn gradientAt(place: Place, first: u32, at: u32) -> Row { return dOutput[outputRow(place, first + at)]; }
