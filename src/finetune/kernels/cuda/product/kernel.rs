//! The kernels of products: they load tiles of both factors through shared memory into tensor cores.

use cubecl::prelude::*;

/// Rows and columns of the result per workgroup: 32 × 16 for each of its eight warps.
pub(super) const SIDE: usize = 64;

/// Terms of the sums that are processed together.
pub(super) const DEPTH: usize = 32;

pub(super) const THREADS: usize = 256;

/// Values of a tile that each thread moves.
const SHARE: usize = SIDE * DEPTH / THREADS;

/// Padding between the rows of a tile, so that they begin in different banks.
const GAP: usize = 4;

/// Values of a tile in shared memory, in either orientation.
const TILE: usize = SIDE * (DEPTH + GAP);

/// An index beyond the end of every array.
const OUTSIDE: usize = u32::MAX as usize;

/// Reads a tile, `rows × columns` as stored in memory, starting at (`row`, `column`); zeros outside of `height ×
/// width`. It has no branches, so that all reads run at the same time.
#[cube]
fn fetch<N: Size>(
    values: &Array<Vector<f32, N>>,
    start: usize,
    step: usize,
    row: usize,
    column: usize,
    height: usize,
    width: usize,
    share: &mut Array<Vector<f32, N>>,
    #[comptime] columns: usize,
) {
    let size = N::value();
    #[unroll]
    for number in 0..comptime!(SHARE / size) {
        let element = (number * THREADS + UNIT_POS as usize) * size;
        let at_row = row + element / columns;
        let at_column = column + element % columns;
        let is_inside = at_row < height && at_column < width;
        let index = (start + at_row * step + at_column) / size;
        // Reads beyond the end of an array give zero.
        share[number] = values[select(is_inside, index, OUTSIDE)];
    }
}

/// Writes the values from [`fetch`] into shared memory.
#[cube]
fn put<N: Size, E: Numeric>(
    share: &Array<Vector<f32, N>>,
    tile: &mut SharedMemory<Vector<E, N>>,
    #[comptime] columns: usize,
) {
    let size = N::value();
    #[unroll]
    for number in 0..comptime!(SHARE / size) {
        let element = (number * THREADS + UNIT_POS as usize) * size;
        let at = element / columns * comptime!(columns + GAP) + element % columns;
        tile[at / size] = Vector::cast_from(share[number]);
    }
}

/// `left · right (+ bias)`, one tile of the result per workgroup; if sums are cut, one part of them.
#[cube(launch)]
pub(super) fn product_kernel<N: Size>(
    left: &Array<Vector<f32, N>>,
    right: &Array<Vector<f32, N>>,
    bias: &Array<f32>,
    output: &mut Array<f32>,
    rows: u32,
    columns: u32,
    terms: u32,
    terms_of_part: u32,
    second_batch: u32,
    left_batch_0: u32,
    left_batch_1: u32,
    left_step: u32,
    right_batch_0: u32,
    right_batch_1: u32,
    right_step: u32,
    output_batch_0: u32,
    output_batch_1: u32,
    output_row: u32,
    output_part: u32,
    parts: u32,
    #[comptime] left_by_term: bool,
    #[comptime] right_by_term: bool,
    #[comptime] has_bias: bool,
) {
    let rows = rows as usize;
    let columns = columns as usize;
    // Only the first dimension of a grid is large enough for all workgroups.
    let tiles = columns.div_ceil(SIDE);
    let group = CUBE_POS_X as usize / tiles;
    let part = group % parts as usize;
    let matrix = group / parts as usize;
    let first = matrix / second_batch as usize;
    let second = matrix % second_batch as usize;
    let left_start = first * left_batch_0 as usize + second * left_batch_1 as usize;
    let right_start = first * right_batch_0 as usize + second * right_batch_1 as usize;
    let top = CUBE_POS_Y as usize * SIDE;
    let side = CUBE_POS_X as usize % tiles * SIDE;
    let begin = part * terms_of_part as usize;
    let end = min(begin + terms_of_part as usize, terms as usize);

    let left_columns = comptime!(if left_by_term { DEPTH } else { SIDE });
    let right_columns = comptime!(if right_by_term { DEPTH } else { SIDE });
    let size = N::value();
    let mut left_tile = SharedMemory::<Vector<tf32, N>>::new(comptime!(TILE / size));
    let mut right_tile = SharedMemory::<Vector<tf32, N>>::new(comptime!(TILE / size));
    let mut result = SharedMemory::<f32>::new(comptime!(SIDE * (SIDE + GAP)));
    let mut left_share = Array::<Vector<f32, N>>::new(comptime!(SHARE / size));
    let mut right_share = Array::<Vector<f32, N>>::new(comptime!(SHARE / size));

    let warp_row = (UNIT_POS_Y / 4u32) as usize * 32;
    let warp_column = (UNIT_POS_Y % 4u32) as usize * 16;
    let upper = zeros();
    let lower = zeros();

    let mut at = begin;
    fetch_factor::<N>(
        left,
        left_start,
        left_step,
        top,
        at,
        rows,
        end,
        &mut left_share,
        left_by_term,
    );
    fetch_factor::<N>(
        right,
        right_start,
        right_step,
        side,
        at,
        columns,
        end,
        &mut right_share,
        right_by_term,
    );
    while at < end {
        sync_cube();
        put::<N, tf32>(&left_share, &mut left_tile, left_columns);
        put::<N, tf32>(&right_share, &mut right_tile, right_columns);
        sync_cube();
        at += DEPTH;
        // Read the next tile while this one is multiplied.
        if at < end {
            fetch_factor::<N>(
                left,
                left_start,
                left_step,
                top,
                at,
                rows,
                end,
                &mut left_share,
                left_by_term,
            );
            fetch_factor::<N>(
                right,
                right_start,
                right_step,
                side,
                at,
                columns,
                end,
                &mut right_share,
                right_by_term,
            );
        }
        multiply::<N>(
            &left_tile,
            &right_tile,
            warp_row,
            warp_column,
            &upper,
            &lower,
            left_by_term,
            right_by_term,
        );
    }
    keep(&mut result, &upper, warp_row, warp_column);
    keep(&mut result, &lower, warp_row + 16, warp_column);
    sync_cube();

    let output_start = first * output_batch_0 as usize + second * output_batch_1 as usize + part * output_part as usize;
    for number in 0..comptime!(SIDE * SIDE / THREADS) {
        let element = number * THREADS + UNIT_POS as usize;
        let row = top + element / SIDE;
        let column = side + element % SIDE;
        if row < rows && column < columns {
            let mut value = result[element / SIDE * comptime!(SIDE + GAP) + element % SIDE];
            if has_bias {
                value += bias[column];
            }
            output[output_start + row * output_row as usize + column] = value;
        }
    }
}

/// Adds the product of a warp's rows and columns of two tiles to its sums.
#[cube]
fn multiply<N: Size>(
    left_tile: &SharedMemory<Vector<tf32, N>>,
    right_tile: &SharedMemory<Vector<tf32, N>>,
    warp_row: usize,
    warp_column: usize,
    upper: &cmma::Matrix<f32>,
    lower: &cmma::Matrix<f32>,
    #[comptime] left_by_term: bool,
    #[comptime] right_by_term: bool,
) {
    #[unroll]
    for step in 0..comptime!(DEPTH / 8) {
        let depth = comptime!(step * 8);
        let above = fragment::<N>(left_tile, warp_row, depth, left_by_term, true);
        let below = fragment::<N>(left_tile, warp_row + 16, depth, left_by_term, true);
        let beside = fragment::<N>(right_tile, warp_column, depth, right_by_term, false);
        cmma::execute(&above, &beside, upper, upper);
        cmma::execute(&below, &beside, lower, lower);
    }
}

/// Reads the tile of a factor at a row (or a column of the right factor) and a term; `by_term`: terms are contiguous.
#[cube]
fn fetch_factor<N: Size>(
    values: &Array<Vector<f32, N>>,
    start: usize,
    step: u32,
    from: usize,
    term: usize,
    length: usize,
    terms: usize,
    share: &mut Array<Vector<f32, N>>,
    #[comptime] by_term: bool,
) {
    if comptime!(by_term) {
        fetch::<N>(values, start, step as usize, from, term, length, terms, share, DEPTH);
    } else {
        fetch::<N>(values, start, step as usize, term, from, terms, length, share, SIDE);
    }
}

#[cube]
fn zeros() -> cmma::Matrix<f32> {
    cmma::Matrix::<f32>::from_value(
        cmma::MatrixIdent::Accumulator,
        16usize,
        16usize,
        8usize,
        cmma::MatrixLayout::Undefined,
        0.0f32,
    )
}

/// A warp's part of a factor's tile: 16 rows (or columns of the right factor) and eight terms.
#[cube]
fn fragment<N: Size>(
    tile: &SharedMemory<Vector<tf32, N>>,
    from: usize,
    #[comptime] depth: usize,
    #[comptime] by_term: bool,
    #[comptime] is_left: bool,
) -> cmma::Matrix<Vector<tf32, N>> {
    let size = N::value();
    let step = comptime!(if by_term { DEPTH + GAP } else { SIDE + GAP });
    let start = if comptime!(by_term) {
        from * step + depth
    } else {
        depth * step + from
    };
    let layout = comptime!(if by_term == is_left {
        cmma::MatrixLayout::RowMajor
    } else {
        cmma::MatrixLayout::ColMajor
    });
    let ident = comptime!(if is_left {
        cmma::MatrixIdent::A
    } else {
        cmma::MatrixIdent::B
    });
    cmma::Matrix::<Vector<tf32, N>>::from_slice(
        ident,
        16usize,
        16usize,
        8usize,
        layout,
        &tile.slice(start / size, comptime!(TILE / size)),
        step as u32,
    )
}

#[cube]
fn keep(result: &mut SharedMemory<f32>, sum: &cmma::Matrix<f32>, row: usize, column: usize) {
    let step = comptime!(SIDE + GAP);
    let start = row * step + column;
    let length = comptime!(SIDE * (SIDE + GAP));
    cmma::store(
        &mut result.slice_mut(start, length),
        sum,
        step as u32,
        cmma::MatrixLayout::RowMajor,
    );
}

/// Adds the results of all parts in order.
#[cube(launch)]
pub(super) fn add_parts_kernel(parts: &Array<f32>, output: &mut Array<f32>) {
    let length = output.len();
    if ABSOLUTE_POS < length {
        let mut sum = 0.0f32;
        for element in range_stepped(ABSOLUTE_POS, parts.len(), length) {
            sum += parts[element];
        }
        output[ABSOLUTE_POS] = sum;
    }
}
