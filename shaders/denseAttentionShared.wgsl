// How a thread comes by the other side of its pairs through workgroup memory: TILE tokens at a time, each row read once a
// workgroup. TILE <= WORKGROUP, a multiple of four. All threads must call the functions that load.

var<workgroup> firstRows: array<Row, TILE>;
var<workgroup> secondRows: array<Row, TILE>;

fn loadKeys(place: Place, first: u32, thread: u32) {
  workgroupBarrier();
  if (thread < TILE && first + thread < sizes.tokens) {
    firstRows[thread] = readRow(place, first + thread, KEY);
    secondRows[thread] = readRow(place, first + thread, VALUE);
  }
  workgroupBarrier();
}

fn keyAt(place: Place, first: u32, at: u32) -> Row { return firstRows[at]; }
fn valueAt(place: Place, first: u32, at: u32) -> Row { return secondRows[at]; }

fn loadQueries(place: Place, first: u32, thread: u32) {
  workgroupBarrier();
  if (thread < TILE && first + thread < sizes.tokens) {
    firstRows[thread] = readRow(place, first + thread, QUERY);
    secondRows[thread] = dOutput[outputRow(place, first + thread)];
  }
  workgroupBarrier();
}

fn queryAt(place: Place, first: u32, at: u32) -> Row { return firstRows[at]; }
fn gradientAt(place: Place, first: u32, at: u32) -> Row { return secondRows[at]; }
