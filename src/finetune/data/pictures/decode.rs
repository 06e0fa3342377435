//! From the bytes of a file to the pixels that Pillow's `convert("RGB")` gives, turned as the camera was held.
//!
//! The size is checked before anything is decoded, so a small file cannot fill the memory.

use std::{
    fs::File,
    io::{Cursor, Read as _},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation,
};

use super::png;
use super::problem::Problem;

/// The largest number of pixels, as in Pillow (`2 * Image.MAX_IMAGE_PIXELS`, the size that it refuses).
pub(super) const MOST_PIXELS: u64 = 178_956_970;

/// The largest number of bytes of a file: six for each pixel, as 16-bit colours need without compression.
const MOST_BYTES: u64 = 6 * MOST_PIXELS;

/// Memory that a decoder may take: eight bytes for each pixel, as 16-bit colours with transparency need.
const MOST_MEMORY: u64 = 8 * MOST_PIXELS;

/// An image with three bytes a pixel: red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// `[height, width, 3]`.
    pub pixels: Vec<u8>,
}

/// Decodes the file at a path.
///
/// # Errors
/// If it cannot be read or is not an image.
pub fn decode_file(path: &Path) -> Result<Decoded, Problem> {
    decode(&read(path)?)
}

/// The bytes of a file. Devices and pipes, which may have no end, are not read.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    let access = |error: std::io::Error| Problem::Access(error.to_string());
    let metadata = std::fs::metadata(path).map_err(|error| match std::fs::read_link(path) {
        Ok(target) => Problem::Access(format!("it is a link to `{}`, which does not exist", target.display())),
        Err(_) => access(error),
    })?;
    if !metadata.is_file() {
        return Err(Problem::NotAFile);
    }
    if metadata.len() > MOST_BYTES {
        return Err(Problem::TooLong {
            bytes: metadata.len(),
            most: MOST_BYTES,
        });
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    let file = File::open(path).map_err(access)?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(access)?;
    Ok(bytes)
}

/// Decodes the content of a file.
///
/// # Errors
/// If it is not an image, is damaged or too large.
pub fn decode(bytes: &[u8]) -> Result<Decoded, Problem> {
    // A decoder that meets a case that its authors did not think of must not end the program.
    let decoded = catch_unwind(AssertUnwindSafe(|| decoded(bytes)));
    decoded.unwrap_or_else(|_| Err(Problem::Damaged("the decoder failed".to_owned())))
}

/// Width and height as the file says, before the image is turned. Nothing is decoded.
///
/// # Errors
/// If the content is not an image, or is too large.
pub fn dimensions(bytes: &[u8]) -> Result<(u32, u32), Problem> {
    if bytes.starts_with(&png::SIGNATURE) {
        return png_size(bytes);
    }
    let decoder = decoder(bytes, format(bytes)?)?;
    Ok(decoder.dimensions())
}

fn decoded(bytes: &[u8]) -> Result<Decoded, Problem> {
    if bytes.starts_with(&png::SIGNATURE) {
        png_size(bytes)?;
        let (image, exif) = png::decode(bytes)?;
        let orientation = exif.as_deref().and_then(Orientation::from_exif_chunk);
        return Ok(turned(image, orientation.unwrap_or(Orientation::NoTransforms)));
    }
    let format = format(bytes)?;
    let mut decoder = decoder(bytes, format)?;
    if format == ImageFormat::Jpeg && !is_whole_jpeg(bytes) {
        return Err(Problem::Truncated);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(problem)?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let image = Decoded {
        height,
        width,
        pixels: colours(image),
    };
    Ok(turned(image, orientation))
}

/// The image as the camera was held.
fn turned(image: Decoded, orientation: Orientation) -> Decoded {
    if orientation == Orientation::NoTransforms {
        return image;
    }
    let Decoded { height, width, pixels } = image;
    let image = RgbImage::from_raw(width as u32, height as u32, pixels).unwrap_or_default();
    let mut image = DynamicImage::ImageRgb8(image);
    image.apply_orientation(orientation);
    Decoded {
        height: image.height() as usize,
        width: image.width() as usize,
        pixels: image.into_rgb8().into_raw(),
    }
}

fn png_size(bytes: &[u8]) -> Result<(u32, u32), Problem> {
    let png::Header { width, height, .. } = png::header(bytes)?;
    check_size(width, height)
}

fn check_size(width: u32, height: u32) -> Result<(u32, u32), Problem> {
    if width == 0 || height == 0 {
        return Err(Problem::Damaged("it has no pixels".to_owned()));
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Problem::TooLarge {
            width,
            height,
            most: MOST_PIXELS,
        });
    }
    Ok((width, height))
}

/// The format by the first bytes; the name of the file may say another one.
fn format(bytes: &[u8]) -> Result<ImageFormat, Problem> {
    use ImageFormat::{Bmp, Gif, Jpeg, Tiff, WebP};
    if bytes.is_empty() {
        return Err(Problem::Empty);
    }
    match image::guess_format(bytes) {
        Ok(format @ (Jpeg | WebP | Gif | Bmp | Tiff)) => Ok(format),
        Ok(_) | Err(_) => Err(Problem::NotAnImage),
    }
}

fn decoder(bytes: &[u8], format: ImageFormat) -> Result<impl image::ImageDecoder + '_, Problem> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(problem)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    Ok(decoder)
}

fn problem(error: ImageError) -> Problem {
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Problem::Truncated,
        error => Problem::Damaged(error.to_string()),
    }
}

/// Three bytes a pixel. Transparency is left out, as Pillow does; of 16 bits the upper eight are kept.
fn colours(image: DynamicImage) -> Vec<u8> {
    let high = |value: &u16| (value >> 8) as u8;
    match image {
        DynamicImage::ImageLuma16(grey) => grey.iter().map(high).flat_map(|grey| [grey; 3]).collect(),
        DynamicImage::ImageLumaA16(grey) => grey.pixels().flat_map(|pixel| [high(&pixel.0[0]); 3]).collect(),
        DynamicImage::ImageRgb16(colours) => colours.iter().map(high).collect(),
        DynamicImage::ImageRgba16(colours) => colours
            .pixels()
            .flat_map(|pixel| [high(&pixel.0[0]), high(&pixel.0[1]), high(&pixel.0[2])])
            .collect(),
        other => other.into_rgb8().into_raw(),
    }
}

/// Returns whether a JPEG file has the mark of its end. Decoders fill what is missing with grey and say nothing.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    // A file begins with the mark of a start, which has no length (T.81, annex B).
    let mut at = 2;
    loop {
        // Entropy-coded bytes follow a scan's header: the next mark is behind them.
        let Some(found) = bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|&byte| byte == 0xff))
        else {
            return false;
        };
        at += found + 1;
        while bytes.get(at) == Some(&0xff) {
            at += 1;
        }
        match bytes.get(at) {
            None => return false,
            Some(0xd9) => return true,
            // A byte of 255 in coded data, and marks without a length.
            Some(0x00 | 0x01 | 0xd0..=0xd8) => at += 1,
            Some(_) => {
                let Some(&[high, low]) = bytes.get(at + 1..at + 3) else {
                    return false;
                };
                at += 1 + usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
}

#[cfg(test)]
mod tests;
