//! PNG files (ISO/IEC 15948): every depth and colour type, interlaced or not, as three bytes a pixel; and a writer for plain
//! ones.
//!
//! Rows are unpacked one at a time, and no more of them than the header names, so that a small file cannot fill the memory.

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};

use super::decode::Decoded;
use super::problem::Problem;

/// The first bytes of every file.
pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// The passes of an interlaced image: first column and row, and the steps to the next ones (Adam7, section 8).
const PASSES: [[usize; 4]; 7] = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
];

/// The header of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample.
    depth: u8,
    colour: Colour,
    is_interlaced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colour {
    Grey,
    Colours,
    Palette,
    GreyAlpha,
    ColoursAlpha,
}

impl Colour {
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Grey,
            2 => Self::Colours,
            3 => Self::Palette,
            4 => Self::GreyAlpha,
            6 => Self::ColoursAlpha,
            _ => return None,
        })
    }

    /// Samples of a pixel.
    fn samples(self) -> usize {
        match self {
            Self::Grey | Self::Palette => 1,
            Self::GreyAlpha => 2,
            Self::Colours => 3,
            Self::ColoursAlpha => 4,
        }
    }

    fn allows(self, depth: u8) -> bool {
        match self {
            Self::Grey => [1, 2, 4, 8, 16].contains(&depth),
            Self::Palette => [1, 2, 4, 8].contains(&depth),
            Self::Colours | Self::GreyAlpha | Self::ColoursAlpha => [8, 16].contains(&depth),
        }
    }
}

impl Header {
    fn bits(&self) -> usize {
        self.colour.samples() * usize::from(self.depth)
    }

    /// Bytes of a row of this many pixels.
    fn stride(&self, width: usize) -> usize {
        (width * self.bits()).div_ceil(8)
    }
}

fn damaged(what: &str) -> Problem {
    Problem::Damaged(what.to_owned())
}

/// A chunk: its kind and its data.
type Chunk<'a> = ([u8; 4], &'a [u8]);

/// The chunk at the beginning of these bytes, and the bytes behind it.
fn chunk(bytes: &[u8]) -> Result<(Chunk<'_>, &[u8]), Problem> {
    let (&length, rest) = bytes.split_first_chunk::<4>().ok_or(Problem::Truncated)?;
    let length = u32::from_be_bytes(length) as usize;
    let body = rest.get(..length.saturating_add(4)).ok_or(Problem::Truncated)?;
    let rest = &rest[body.len()..];
    let (&checksum, rest) = rest.split_first_chunk::<4>().ok_or(Problem::Truncated)?;
    let (&kind, data) = body.split_first_chunk::<4>().ok_or(Problem::Truncated)?;
    // A capital letter says that the image cannot be read without the chunk.
    if kind[0].is_ascii_uppercase() && crc32fast::hash(body) != u32::from_be_bytes(checksum) {
        return Err(damaged("a checksum is wrong"));
    }
    Ok(((kind, data), rest))
}

/// The header of a file.
///
/// # Errors
/// If it is damaged.
pub(super) fn header(bytes: &[u8]) -> Result<Header, Problem> {
    let ((kind, data), _) = chunk(bytes.get(SIGNATURE.len()..).ok_or(Problem::Truncated)?)?;
    let (&width, rest) = data.split_first_chunk::<4>().ok_or(Problem::Truncated)?;
    let (&height, rest) = rest.split_first_chunk::<4>().ok_or(Problem::Truncated)?;
    let &[depth, colour, 0, 0, interlace @ 0..=1] = rest else {
        return Err(damaged("its header is not one of a PNG file"));
    };
    let colour = Colour::of(colour).filter(|colour| colour.allows(depth) && kind == *b"IHDR");
    Ok(Header {
        width: u32::from_be_bytes(width),
        height: u32::from_be_bytes(height),
        depth,
        colour: colour.ok_or_else(|| damaged("its header is not one of a PNG file"))?,
        is_interlaced: interlace == 1,
    })
}

/// Decodes a file whose size has been checked. Also returns its Exif data.
///
/// # Errors
/// If it is damaged or its end is missing.
pub(super) fn decode(bytes: &[u8]) -> Result<(Decoded, Option<Vec<u8>>), Problem> {
    let header = header(bytes)?;
    let (mut packed, mut palette, mut exif) = (Vec::new(), Vec::new(), None);
    let mut rest = &bytes[SIGNATURE.len()..];
    loop {
        let ((kind, data), behind) = chunk(rest)?;
        rest = behind;
        match &kind {
            b"IDAT" => packed.extend_from_slice(data),
            b"PLTE" => palette = data.as_chunks::<3>().0.to_vec(),
            b"eXIf" => exif = Some(data.to_vec()),
            b"IEND" => break,
            _ => {}
        }
    }
    if header.colour == Colour::Palette && palette.is_empty() {
        return Err(damaged("it has no palette"));
    }
    let (width, height) = (header.width as usize, header.height as usize);
    let mut image = Decoded {
        height,
        width,
        pixels: vec![0; height * width * 3],
    };
    let mut rows = Rows {
        source: ZlibDecoder::new(packed.as_slice()),
        step: header.bits().div_ceil(8),
        before: Vec::new(),
    };
    let passes: &[[usize; 4]] = if header.is_interlaced { &PASSES } else { &[[0, 0, 1, 1]] };
    for &[left, top, across, down] in passes {
        let columns = width.saturating_sub(left).div_ceil(across);
        let lines = height.saturating_sub(top).div_ceil(down);
        if columns == 0 {
            continue;
        }
        rows.before = vec![0; header.stride(columns)];
        for line in 0..lines {
            let row = rows.next()?;
            let start = (top + line * down) * width;
            for column in 0..columns {
                let at = (start + left + column * across) * 3;
                image.pixels[at..at + 3].copy_from_slice(&pixel(row, column, &header, &palette));
            }
        }
    }
    Ok((image, exif))
}

/// The rows of a pass, unpacked and without filters.
struct Rows<'a> {
    source: ZlibDecoder<&'a [u8]>,
    /// Bytes from a sample to the one that filters compare it with.
    step: usize,
    /// The row before; zeros before the first.
    before: Vec<u8>,
}

impl Rows<'_> {
    fn next(&mut self) -> Result<&[u8], Problem> {
        let mut filter = [0];
        let mut row = vec![0; self.before.len()];
        let read = self
            .source
            .read_exact(&mut filter)
            .and_then(|()| self.source.read_exact(&mut row));
        read.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Problem::Truncated,
            _ => Problem::Damaged(error.to_string()),
        })?;
        for index in 0..row.len() {
            let left = index.checked_sub(self.step).map_or(0, |left| row[left]);
            let up = self.before[index];
            let corner = index.checked_sub(self.step).map_or(0, |left| self.before[left]);
            let expected = match filter[0] {
                0 => break,
                1 => left,
                2 => up,
                3 => u16::midpoint(u16::from(left), u16::from(up)) as u8,
                4 => paeth(left, up, corner),
                _ => return Err(damaged("a row has an unknown filter")),
            };
            row[index] = row[index].wrapping_add(expected);
        }
        self.before = row;
        Ok(&self.before)
    }
}

/// The neighbour that is closest to left + up - corner (section 9.4).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let (to_left, to_up, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_up && to_left <= to_corner {
        left
    } else if to_up <= to_corner {
        up
    } else {
        corner
    }
}

/// Red, green and blue of a pixel. Of 16 bits the upper eight are kept; transparency is left out.
fn pixel(row: &[u8], column: usize, header: &Header, palette: &[[u8; 3]]) -> [u8; 3] {
    let bytes = usize::from(header.depth / 8);
    let sample = |index: usize| row[(column * header.colour.samples() + index) * bytes];
    match header.colour {
        Colour::Colours | Colour::ColoursAlpha => [sample(0), sample(1), sample(2)],
        Colour::GreyAlpha => [sample(0); 3],
        Colour::Grey if bytes > 0 => [sample(0); 3],
        Colour::Palette if bytes > 0 => palette.get(usize::from(sample(0))).copied().unwrap_or_default(),
        Colour::Grey | Colour::Palette => {
            let depth = usize::from(header.depth);
            let bit = column * depth;
            let most = (1_u8 << depth) - 1;
            let value = (row[bit / 8] >> (8 - depth - bit % 8)) & most;
            if header.colour == Colour::Palette {
                return palette.get(usize::from(value)).copied().unwrap_or_default();
            }
            [value * (255 / most); 3]
        }
    }
}

/// A PNG file of grey pixels, `[height, width]`, or of coloured ones, `[height, width, 3]`.
pub fn encode_png(width: usize, pixels: &[u8], is_grey: bool) -> Vec<u8> {
    let stride = if is_grey { width } else { 3 * width };
    let height = pixels.len() / stride.max(1);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail.
    for row in pixels.chunks_exact(stride.max(1)) {
        let _ = packed.write_all(&[0]).and_then(|()| packed.write_all(row));
    }
    let sides = [width as u32, height as u32].map(u32::to_be_bytes).concat();
    let kind = [8, if is_grey { 0 } else { 2 }, 0, 0, 0];
    let mut file = SIGNATURE.to_vec();
    for (name, data) in [
        (b"IHDR", [sides.as_slice(), &kind].concat()),
        (b"IDAT", packed.finish().unwrap_or_default()),
        (b"IEND", Vec::new()),
    ] {
        let body = [name.as_slice(), &data].concat();
        file.extend((data.len() as u32).to_be_bytes());
        file.extend_from_slice(&body);
        file.extend(crc32fast::hash(&body).to_be_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_picture_is_read_as_it_was_written((width, height) in (1_usize..20, 1_usize..20), seed: u8, is_grey: bool) {
            let count = width * height * if is_grey { 1 } else { 3 };
            let pixels: Vec<u8> = (0..count).map(|index| (index as u8).wrapping_mul(seed)).collect();
            let (found, _) = decode(&encode_png(width, &pixels, is_grey)).unwrap();
            let colours = if is_grey { pixels.iter().flat_map(|&grey| [grey; 3]).collect() } else { pixels };
            prop_assert_eq!((found.width, found.height, found.pixels), (width, height, colours));
        }

        #[test]
        fn a_changed_file_is_refused_or_read_without_a_panic(position in 0_usize..80, value: u8) {
            let mut file = encode_png(5, &[7; 60], false);
            let position = position % file.len();
            file[position] = value;
            if header(&file).is_ok_and(|header| header.width < 100 && header.height < 100) {
                let _ = decode(&file);
            }
        }
    }
}
