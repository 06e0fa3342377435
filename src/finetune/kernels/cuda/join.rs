//! Concatenates many tensors, several per launch.

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use super::launch;

/// Number of tensors that one launch copies; a kernel may have about 30 arguments.
const TOGETHER: usize = 12;

/// Workgroups per launch.
const WORKGROUPS: u32 = 512;

/// Copies each source to its start in the target and writes zeros from its end to the start of the next one.
#[cube(launch)]
fn copy_kernel(sources: &Sequence<Array<f32>>, starts: &Array<u32>, target: &mut Array<f32>) {
    #[unroll]
    for number in 0..sources.len() {
        let source = sources.index(number);
        let start = starts[number] as usize;
        let room = starts[number + 1] as usize - start;
        for offset in range_stepped(ABSOLUTE_POS, room, CUBE_COUNT * CUBE_DIM as usize) {
            // A buffer may be longer than its contents.
            target[start + offset] = select(offset < source.len(), source[offset], 0.0f32);
        }
    }
}

/// All tensors concatenated, each padded with zeros to a multiple of `alignment`.
pub(super) fn join<R: CubeRuntime>(tensors: &[CubeTensor<R>], alignment: usize) -> CubeTensor<R> {
    let mut starts = vec![0];
    let mut end = 0;
    for tensor in tensors {
        end += tensor.meta.num_elements().next_multiple_of(alignment);
        starts.push(end);
    }
    let target = launch::empty(&tensors[0], &[end]);
    for (sources, first) in tensors.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
        let mut arguments = SequenceArg::new();
        for source in sources {
            arguments.push(launch::array(source));
        }
        let starts = launch::upload(&target, &starts[first..=first + sources.len()]);
        copy_kernel::launch::<R>(
            &target.client,
            CubeCount::Static(WORKGROUPS, 1, 1),
            CubeDim::new_1d(launch::THREADS),
            arguments,
            launch::array(&starts),
            launch::output(&target),
        );
    }
    target
}
