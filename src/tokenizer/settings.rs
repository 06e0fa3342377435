//! The settings beside a vocabulary.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::TokenizerError;
use crate::read::{json, malformed};
use crate::special::{Role, Token};

/// Names of the files with settings.
pub(crate) const CONFIG: &str = "tokenizer_config.json";
pub(crate) const SPECIAL_TOKENS: &str = "special_tokens_map.json";
pub(crate) const ADDED_TOKENS: &str = "added_tokens.json";
const MODEL: &str = "config.json";

/// The settings of a folder. The precedence is that of `transformers` 5 (`PreTrainedTokenizerBase._from_pretrained`):
/// `special_tokens_map.json` and `added_tokens.json` count unless `tokenizer_config.json` has `added_tokens_decoder`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// `tokenizer_config.json` as it is.
    pub(crate) config: Map<String, Value>,
    /// The special tokens that the folder names; `None` where it says that there is none.
    roles: Vec<(Role, Option<Token>)>,
    /// Further tokens by their ids.
    pub(crate) added: BTreeMap<u32, Token>,
    /// Further special tokens, if the folder lists any.
    pub(crate) extra: Option<Vec<Token>>,
    /// `model_type` of the model's `config.json`.
    pub(crate) model_type: Option<String>,
    /// `pad_token_id` of the model's `config.json`.
    pub(crate) model_pad_id: Option<u32>,
}

/// A folder's statement about a role.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stated<'a> {
    /// The role is not mentioned: the class decides.
    Nothing,
    /// There is no such token.
    NoToken,
    Token(&'a Token),
}

impl Settings {
    /// Reads the settings of the folder. Files that do not exist change nothing.
    pub(crate) fn read(folder: &Path) -> Result<Self, TokenizerError> {
        let config = object(&folder.join(CONFIG))?;
        let model = object(&folder.join(MODEL))?;
        let mut settings = Self {
            model_type: model.get("model_type").and_then(Value::as_str).map(str::to_owned),
            model_pad_id: model.get("pad_token_id").and_then(id),
            ..Self::default()
        };
        let mut merged = config.clone();
        if let Some(added) = config.get("added_tokens_decoder") {
            settings.added = decoder(added).map_err(|message| malformed(&folder.join(CONFIG), message))?;
        } else {
            merged.extend(object(&folder.join(SPECIAL_TOKENS))?);
        }
        settings.read_special(&merged);
        if !config.contains_key("added_tokens_decoder") {
            settings.read_added(&folder.join(ADDED_TOKENS))?;
        }
        settings.use_flags_of_added();
        settings.config = config;
        Ok(settings)
    }

    /// The tokenizer's class, without the ending that marks a fast one.
    pub(crate) fn class(&self) -> Option<&str> {
        let class = self.config.get("tokenizer_class")?.as_str()?;
        Some(class.strip_suffix("Fast").unwrap_or(class))
    }

    /// A yes-or-no setting.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.config.get(name)?.as_bool()
    }

    /// The folder's statement about the role's token.
    pub(crate) fn role(&self, role: Role) -> Stated<'_> {
        match self.roles.iter().find(|(of, _)| *of == role) {
            None => Stated::Nothing,
            Some((_, None)) => Stated::NoToken,
            Some((_, Some(token))) => Stated::Token(token),
        }
    }

    fn read_special(&mut self, merged: &Map<String, Value>) {
        for role in Role::ALL {
            if let Some(value) = merged.get(role.key()) {
                let token = Token::from_json(value).map(|token| Token { special: true, ..token });
                self.roles.push((role, token));
            }
        }
        let listed = |key: &str| merged.get(key).and_then(Value::as_array);
        self.extra = listed("extra_special_tokens")
            .filter(|tokens| !tokens.is_empty())
            .or_else(|| listed("additional_special_tokens"))
            .or_else(|| listed("extra_special_tokens"))
            .map(|tokens| tokens.iter().filter_map(Token::from_json).collect());
    }

    fn read_added(&mut self, path: &Path) -> Result<(), TokenizerError> {
        for (content, id) in object(path)? {
            let id = self::id(&id).ok_or_else(|| malformed(path, format!("the id of `{content}` is not a number")))?;
            let is_named = self.roles.iter().any(|(_, token)| is(token.as_ref(), &content));
            let special = is_named || self.extra.iter().flatten().any(|token| token.content == content);
            let token = Token {
                normalized: !special,
                special,
                ..Token::special(&content)
            };
            self.added.insert(id, token);
        }
        Ok(())
    }

    /// A role that names an added token has that token's flags.
    fn use_flags_of_added(&mut self) {
        for (_, token) in &mut self.roles {
            let Some(token) = token else { continue };
            if let Some(added) = self.added.values().find(|added| added.content == token.content) {
                *token = Token {
                    special: true,
                    ..added.clone()
                };
            }
        }
    }
}

fn is(token: Option<&Token>, content: &str) -> bool {
    token.is_some_and(|token| token.content == content)
}

fn id(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// The object in the file; empty if there is no such file.
fn object(path: &Path) -> Result<Map<String, Value>, TokenizerError> {
    if path.is_file() { json(path) } else { Ok(Map::new()) }
}

/// `added_tokens_decoder`: tokens with flags by their ids, which JSON writes as text.
fn decoder(value: &Value) -> Result<BTreeMap<u32, Token>, String> {
    let tokens = value.as_object().ok_or("`added_tokens_decoder` is not an object")?;
    let entry = |(id, token): (&String, &Value)| {
        let id = id
            .parse()
            .map_err(|_| format!("the id `{id}` in `added_tokens_decoder` is not a number"))?;
        let token =
            Token::from_json(token).ok_or_else(|| format!("token {id} in `added_tokens_decoder` has no content"))?;
        Ok((id, token))
    };
    tokens.iter().map(entry).collect()
}
