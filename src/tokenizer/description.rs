//! The content of a `tokenizer.json`, put together from a vocabulary, a class and settings.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::TokenizerError;
use crate::families::{Charsmap, Family, Names, Template};
use crate::settings::Settings;
use crate::special::{Role, Token};

/// A source's description of a tokenizer.
#[derive(Debug)]
pub(crate) struct Description {
    /// The file that errors name.
    pub(crate) path: PathBuf,
    /// The content of a `tokenizer.json`.
    pub(crate) content: Vec<u8>,
    /// The class whose pipeline was built; `None` if the folder has a `tokenizer.json`.
    pub(crate) family: Option<&'static Family>,
}

/// A vocabulary, and what its file says besides.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) path: &'a Path,
    pub(crate) family: &'static Family,
    pub(crate) settings: &'a Settings,
    pub(crate) special: &'a [(Role, Token)],
    /// The model of a `tokenizer.json`.
    pub(crate) model: Value,
    /// The number of different tokens in the vocabulary.
    pub(crate) size: usize,
    /// The normalization table of a sentencepiece model.
    pub(crate) charsmap: Charsmap<'a>,
    /// Tokens that a sentencepiece model keeps whole.
    pub(crate) whole: Vec<Token>,
}

impl Parts<'_> {
    /// The content of the `tokenizer.json` that `transformers` would write. `id` finds a token in the vocabulary.
    pub(crate) fn describe(self, id: impl Fn(&str) -> Option<u32>) -> Result<Description, TokenizerError> {
        let added = self.added(&id);
        let content = json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": added.iter().map(|(id, token)| entry(*id, token)).collect::<Vec<_>>(),
            "normalizer": (self.family.normalizer)(self.settings, &self.charsmap),
            "pre_tokenizer": (self.family.pre_tokenizer)(self.settings),
            "post_processor": self.post_processor(&id)?,
            "decoder": (self.family.decoder)(self.settings),
            "model": self.model,
        });
        Ok(Description {
            path: self.path.to_owned(),
            content: content.to_string().into_bytes(),
            family: Some(self.family),
        })
    }

    /// The tokens that are found in a text before the model sees it, with their ids. The order is that of
    /// `TokenizersBackend.__init__`: it decides the ids of tokens that the vocabulary lacks.
    fn added(&self, id: &impl Fn(&str) -> Option<u32>) -> Vec<(u32, Token)> {
        let stated = self.settings.added.values();
        let roles = self.special.iter().map(|(_, token)| token);
        let extra = self.settings.extra.as_ref().unwrap_or(&self.whole).iter();
        let mut known = HashSet::new();
        let mut next = self.size as u32;
        let mut added = Vec::new();
        for token in stated.chain(roles).chain(extra) {
            if token.content.is_empty() || !known.insert(token.content.clone()) {
                continue;
            }
            let id = id(&token.content).unwrap_or_else(|| {
                next += 1;
                next - 1
            });
            added.push((id, token.clone()));
        }
        added
    }

    fn post_processor(&self, id: &impl Fn(&str) -> Option<u32>) -> Result<Value, TokenizerError> {
        let token = |role| self.needed(role, id);
        Ok(match self.family.template {
            Template::Bert => {
                let (cls, sep) = (token(Role::Cls)?, token(Role::Sep)?);
                let single = [cls.place(0), text("A", 0), sep.place(0)];
                let pair = [&single[..], &[text("B", 1), sep.place(1)]].concat();
                template(&single, &pair, &[cls, sep])
            }
            Template::Roberta => {
                let (cls, sep) = (token(Role::Cls)?, token(Role::Sep)?);
                json!({
                    "type": "RobertaProcessing",
                    "sep": [sep.content, sep.id],
                    "cls": [cls.content, cls.id],
                    "trim_offsets": self.settings.flag("trim_offsets").unwrap_or(true),
                    "add_prefix_space": self.settings.flag("add_prefix_space").unwrap_or(false),
                })
            }
            Template::DoubleEnd => {
                let (bos, eos) = (token(Role::Bos)?, token(Role::Eos)?);
                let single = [bos.place(0), text("A", 0), eos.place(0)];
                let pair = [&single[..], &[eos.place(0), text("B", 0), eos.place(0)]].concat();
                template(&single, &pair, &[bos, eos])
            }
            Template::BosEos => {
                let bos = self.wanted("add_bos_token", Role::Bos, id)?;
                let eos = self.wanted("add_eos_token", Role::Eos, id)?;
                let around = |name, kind| -> Vec<Value> {
                    let bos = bos.iter().map(|token| token.place(kind));
                    bos.chain([text(name, kind)])
                        .chain(eos.iter().map(|token| token.place(kind)))
                        .collect()
                };
                let single = around("A", 0);
                let pair = [single.clone(), around("B", 1)].concat();
                template(&single, &pair, &bos.into_iter().chain(eos).collect::<Vec<_>>())
            }
        })
    }

    /// The token of the role if the settings want it around every text. Like `transformers`, it is not added where the
    /// folder says that there is no such token.
    fn wanted(
        &self,
        flag: &str,
        role: Role,
        id: &impl Fn(&str) -> Option<u32>,
    ) -> Result<Option<Placed>, TokenizerError> {
        let wanted = self.settings.flag(flag).unwrap_or(false) && Names(self.special).of(role).is_some();
        wanted.then(|| self.needed(role, id)).transpose()
    }

    /// A token that every text needs.
    pub(crate) fn needed(&self, role: Role, id: &impl Fn(&str) -> Option<u32>) -> Result<Placed, TokenizerError> {
        let names = Names(self.special);
        let content = names.of(role).unwrap_or_default();
        let added = self.settings.added.iter().find(|(_, token)| token.content == content);
        match id(content).or(added.map(|(id, _)| *id)) {
            Some(id) => Ok(Placed {
                content: content.to_owned(),
                id,
            }),
            None => Err(TokenizerError::VocabularyWithout {
                path: self.path.to_owned(),
                token: content.to_owned(),
                role: role.key(),
                class: self.family.class,
            }),
        }
    }
}

/// A special token with its id.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) content: String,
    pub(crate) id: u32,
}

impl Placed {
    /// The token in a template, with the type of the text it belongs to.
    fn place(&self, kind: u32) -> Value {
        json!({ "SpecialToken": { "id": self.content, "type_id": kind } })
    }
}

fn text(name: &str, kind: u32) -> Value {
    json!({ "Sequence": { "id": name, "type_id": kind } })
}

fn template(single: &[Value], pair: &[Value], tokens: &[Placed]) -> Value {
    let tokens: serde_json::Map<String, Value> = tokens
        .iter()
        .map(|Placed { content, id }| {
            (
                content.clone(),
                json!({ "id": content, "ids": [id], "tokens": [content] }),
            )
        })
        .collect();
    json!({ "type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens })
}

fn entry(id: u32, token: &Token) -> Value {
    let mut entry = json!(token);
    entry["id"] = id.into();
    entry
}
