//! Models and data that are compiled into the program. A spec names them `builtin:NAME`.

/// A model that is compiled into the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinModel {
    /// Its name.
    pub name: &'static str,
    /// The inputs that it reads.
    pub input: ModelInput,
    /// The largest freeze depth: the embeddings or the stem, and all blocks.
    pub most_frozen: i64,
    /// The SPDX identifier of its licence.
    pub licence: &'static str,
}

/// The inputs that a model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelInput {
    /// Texts.
    Texts,
    /// Images.
    Images,
}

/// A set of images that is compiled into the program, with a validation part of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinImages {
    /// Its name.
    pub name: &'static str,
    /// Number of training images, before a test set is taken from them.
    pub train: usize,
}

/// A table that is compiled into the program. A spec names it instead of a file, and all keys of files apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinTable {
    /// Its name.
    pub name: &'static str,
}

/// The built-in models.
pub const BUILTIN_MODELS: &[BuiltinModel] = &[
    BuiltinModel {
        name: "resnet8-cifar10",
        input: ModelInput::Images,
        most_frozen: 4,
        licence: "zlib",
    },
    BuiltinModel {
        name: "bert-tiny",
        input: ModelInput::Texts,
        most_frozen: 2,
        licence: "apache-2.0",
    },
];

/// The built-in sets of images.
pub const BUILTIN_IMAGES: &[BuiltinImages] = &[BuiltinImages {
    name: "fashion-mini",
    train: 4_000,
}];

/// The built-in tables.
pub const BUILTIN_TABLES: &[BuiltinTable] = &[BuiltinTable { name: "movie-reviews" }];

/// The built-in model with this name.
pub fn builtin_model(name: &str) -> Option<&'static BuiltinModel> {
    BUILTIN_MODELS.iter().find(|model| model.name == name)
}
