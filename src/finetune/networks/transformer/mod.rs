//! Transformers, from a description.
//!
//! A family turns its `config.json` into a [`TransformerConfig`]: sizes, variants, and the names of its tensors.

mod config;

pub(crate) use self::config::{
    AttentionConfig, BlockConfig, ConvolutionConfig, EmbeddingConfig, ExpandNames, FeedForwardConfig, HeadConfig,
    NormConfig, OrderNames, PatchConfig, PositionNames, PositionsConfig, ProjectionNames, RelativeConfig, Sharing,
    StepConfig, TransformerConfig,
};

use super::{Depth, Finish, Head, InputLimits, Network, Stem, Step, convnet::Depths};
use crate::{
    blocks::{
        Block, Projection,
        convolved::ConvolvedBlock,
        transformer::{Order, Sizes, TransformerBlock},
    },
    kernels::{AttentionSettings, Columns},
    layers::{
        attention::{Attention, Projections, RelativePositions},
        conv1d::TextConvolution,
        disentangled::{DisentangledPositions, PositionLayer},
        embedding::{LearnedPositions, Table, TokenStem},
        feed_forward::{Expand, FeedForward},
        layer_scale::LayerScale,
        linear::Linear,
        norm::NormLayer,
        patches::PatchStem,
        relative::RelativeBias,
    },
    parameters::{Declarations, Part, Start},
};

/// The standard deviation of new layers of a head: BERT's `initializer_range`.
const HEAD_DEVIATION: f32 = 0.02;

impl TransformerConfig {
    /// The network with these parts.
    pub(crate) fn build(&self) -> Network {
        let mut declare = Declarations::default();
        declare.part(Part::Stem, Some(1));
        let (stem, inputs) = self.stem(&mut declare);
        let relative = self.relative(&mut declare);
        let (mut blocks, depths) = self.all_blocks(&mut declare, &relative);
        if self.patches.is_some() {
            let count = blocks.len();
            for (number, block) in blocks.iter_mut().enumerate() {
                if let Block::Transformer(block) = block {
                    block.depth = Some(Depths::ToLast.share(number, count));
                }
            }
        }
        declare.part(Part::Finish, None);
        let width = self.final_projection.map_or(self.hidden, |(_, width)| width);
        let finish = Finish {
            norm: self
                .final_norm
                .map(|name| NormLayer::declare(&mut declare, name, self.hidden, self.norms.settings)),
            projection: self
                .final_projection
                .map(|(name, width)| Linear::declare(&mut declare, name, [self.hidden, width], false)),
        };
        declare.part(Part::Head, None);
        let head = self.head(&mut declare, width, blocks.len());
        Network {
            inputs,
            stem,
            blocks,
            finish,
            head,
            parameters: declare.finish().into(),
            depths,
            padding: self.padding,
        }
    }

    fn stem(&self, declare: &mut Declarations) -> (Stem, InputLimits) {
        if let Some(patches) = &self.patches {
            let stem = PatchStem::declare(declare, patches.names, patches.size, [patches.side, self.hidden]);
            return (
                Stem::Patches(Box::new(stem)),
                InputLimits::Images { size: patches.size },
            );
        }
        let inputs = InputLimits::Texts {
            tokens: self.longest,
            vocabulary: self.vocabulary,
            types: self.embedding.types.map_or(1, |(_, rows)| rows),
        };
        (Stem::Tokens(Box::new(self.token_stem(declare))), inputs)
    }

    fn token_stem(&self, declare: &mut Declarations) -> TokenStem {
        let embedding = &self.embedding;
        // The sum of the tables has the width of the word vectors, or what they are projected to.
        let width = if embedding.word_projection.is_some() {
            self.hidden
        } else {
            embedding.width
        };
        let table = |declare: &mut Declarations, name: &str, rows: usize, width: usize| Table {
            handle: declare.table(name, [rows, width]),
            rows,
            width,
        };
        let is_projected = embedding.projection.is_some() && matches!(self.sharing, Sharing::None);
        TokenStem {
            width: if is_projected { self.hidden } else { width },
            words: table(declare, embedding.words, self.vocabulary, embedding.width),
            scale: embedding.scale,
            word_projection: embedding
                .word_projection
                .map(|name| Linear::declare(declare, name, [embedding.width, width], false)),
            positions: embedding.positions.as_ref().map(|positions| LearnedPositions {
                table: table(declare, positions.name, positions.rows, width),
                first: positions.first,
                uncounted: positions.uncounted,
            }),
            types: embedding.types.map(|(name, rows)| table(declare, name, rows, width)),
            norm: embedding
                .norm
                .map(|name| NormLayer::declare(declare, name, width, self.norms.settings)),
            projection: embedding
                .projection
                .filter(|_| matches!(self.sharing, Sharing::None))
                .map(|name| Linear::declare(declare, name, [width, self.hidden], true)),
        }
    }

    fn relative(&self, declare: &mut Declarations) -> RelativePositions {
        match self.attention.relative {
            RelativeConfig::None => RelativePositions::None,
            RelativeConfig::Bias(name, buckets, furthest) => {
                let sizes = [buckets, furthest, self.attention.heads];
                RelativePositions::Bias(RelativeBias::declare(declare, name, sizes))
            }
            RelativeConfig::Disentangled {
                table,
                norm,
                span,
                buckets,
                ..
            } => RelativePositions::Disentangled(DisentangledPositions {
                table: declare.table(table, [2 * span, self.hidden]),
                norm: norm.map(|name| NormLayer::declare(declare, name, self.hidden, self.norms.settings)),
                span,
                buckets,
                key: PositionLayer::Shared,
                query: PositionLayer::Shared,
            }),
        }
    }

    fn all_blocks(&self, declare: &mut Declarations, relative: &RelativePositions) -> (Vec<Block>, Vec<Depth>) {
        let mut blocks = Vec::new();
        let mut depths = Vec::new();
        match &self.sharing {
            Sharing::None => {
                for number in 0..self.blocks.len() {
                    declare.part(Part::Block(number), Some(number + 1));
                    let name = self.block_name.replace("{}", &number.to_string());
                    let block = self.block(declare, &name, number, relative);
                    blocks.push(match &self.convolution {
                        Some(convolution) if number == 0 => self.convolved(declare, block, convolution),
                        Some(_) | None => Block::Transformer(Box::new(block)),
                    });
                    depths.push(Depth {
                        name,
                        blocks: number + 1,
                    });
                }
            }
            Sharing::Groups { inner, times } => {
                depths.push(Depth {
                    name: "embeddings".to_owned(),
                    blocks: 0,
                });
                for (group, &times) in times.iter().enumerate() {
                    declare.part(Part::Block(group), Some(group + 2));
                    // The embeddings freeze alone, without the projection of their output.
                    if group == 0
                        && let Some(name) = self.embedding.projection
                    {
                        let sizes = [self.embedding.width, self.hidden];
                        blocks.push(Block::Projection(Box::new(Projection {
                            linear: Linear::declare(declare, name, sizes, true),
                            sizes,
                        })));
                    }
                    let own: Vec<TransformerBlock> = (0..*inner)
                        .map(|number| {
                            let name = self.block_name.replacen("{}", &group.to_string(), 1);
                            let name = name.replacen("{}", &number.to_string(), 1);
                            self.block(declare, &name, number, relative)
                        })
                        .collect();
                    for _ in 0..times {
                        for block in &own {
                            let number = blocks.len();
                            let block = TransformerBlock {
                                number,
                                ..block.clone()
                            };
                            blocks.push(Block::Transformer(Box::new(block)));
                        }
                    }
                    depths.push(Depth {
                        name: format!("group {group}"),
                        blocks: blocks.len(),
                    });
                }
            }
        }
        (blocks, depths)
    }

    fn convolved(&self, declare: &mut Declarations, block: TransformerBlock, config: &ConvolutionConfig) -> Block {
        Block::Convolved(Box::new(ConvolvedBlock {
            block,
            convolution: TextConvolution::declare(declare, config.name, self.hidden, config.kernel),
            activation: config.activation,
            norm: NormLayer::declare(declare, config.norm, self.hidden, self.norms.settings),
        }))
    }

    fn block(
        &self,
        declare: &mut Declarations,
        name: &str,
        number: usize,
        relative: &RelativePositions,
    ) -> TransformerBlock {
        let named = |part: &str| format!("{name}.{part}");
        let attention = self.attention_of(declare, name, number, relative);
        let heads = self.attention.heads * self.attention.size;
        let is_upright = matches!(self.attention.projections, ProjectionNames::TogetherUpright(_));
        let linear = |declare: &mut Declarations, part: &str, sizes: [usize; 2], has_bias: bool| {
            if is_upright {
                Linear::declare_upright(declare, &named(part), sizes)
            } else {
                Linear::declare(declare, &named(part), sizes, has_bias)
            }
        };
        let output = linear(
            declare,
            self.attention.output,
            [heads, self.hidden],
            self.attention.output_has_bias,
        );
        let (hidden, inner, has_bias) = (self.hidden, self.inner, self.feed_forward.has_bias);
        let norm = |declare: &mut Declarations, part: &str| {
            NormLayer::declare(declare, &named(part), hidden, self.norms.settings)
        };
        let order = match self.norms.order {
            OrderNames::NormLast([first, second]) => Order::NormLast {
                attention: norm(declare, first),
                feed_forward: norm(declare, second),
            },
            OrderNames::NormFirst {
                names: [first, second],
                skips_first,
            } => Order::NormFirst {
                attention: (number > 0 || !skips_first).then(|| norm(declare, first)),
                feed_forward: norm(declare, second),
            },
            OrderNames::NormFirstScaled {
                norms: [first, second],
                scales: [first_scale, second_scale],
            } => {
                let mut pair = |part: &str, scale: &str| {
                    let norm = norm(declare, part);
                    (norm, LayerScale::declare(declare, &named(scale), hidden))
                };
                Order::NormFirstScaled {
                    attention: pair(first, first_scale),
                    feed_forward: pair(second, second_scale),
                }
            }
            OrderNames::NormAround(all) => {
                let [first, second, third, fourth] = all.map(|name| norm(declare, name));
                Order::NormAround {
                    attention: [first, second],
                    feed_forward: [third, fourth],
                }
            }
            OrderNames::Parallel([first, second]) => Order::Parallel {
                attention: norm(declare, first),
                feed_forward: norm(declare, second),
            },
        };
        let feed_forward = FeedForward {
            expand: match self.feed_forward.expand {
                ExpandNames::Plain(part) => Expand::Plain(linear(declare, part, [hidden, inner], has_bias)),
                ExpandNames::Gated { gate, up } => Expand::Gated {
                    gate: linear(declare, gate, [hidden, inner], has_bias),
                    up: linear(declare, up, [hidden, inner], has_bias),
                },
                ExpandNames::GatedTogether(part) => Expand::GatedTogether {
                    both: linear(declare, part, [hidden, 2 * inner], has_bias),
                    columns: Columns::side_by_side([inner; 2]),
                },
            },
            contract: linear(declare, self.feed_forward.contract, [inner, hidden], has_bias),
            activation: self.feed_forward.activation,
        };
        TransformerBlock {
            number,
            attention,
            output,
            order,
            depth: None,
            sizes: Sizes {
                hidden,
                inner,
                is_gated: !matches!(feed_forward.expand, Expand::Plain(_)),
            },
            feed_forward,
        }
    }

    fn attention_of(
        &self,
        declare: &mut Declarations,
        name: &str,
        number: usize,
        relative: &RelativePositions,
    ) -> Attention {
        let AttentionConfig {
            heads,
            key_heads,
            size,
            has_bias,
            ..
        } = self.attention;
        let (queries, keys) = (heads * size, key_heads * size);
        let named = |part: &str| format!("{name}.{part}");
        let projections = match self.attention.projections {
            ProjectionNames::Apart([query, key, value]) => Projections::Apart {
                query: Linear::declare(declare, &named(query), [self.hidden, queries], has_bias),
                key: Linear::declare(declare, &named(key), [self.hidden, keys], has_bias),
                value: Linear::declare(declare, &named(value), [self.hidden, keys], has_bias),
            },
            ProjectionNames::Together { name, by_head } => Projections::Together {
                all: Linear::declare(declare, &named(name), [self.hidden, queries + 2 * keys], has_bias),
                columns: if by_head {
                    Columns::by_head(heads, size)
                } else {
                    Columns::side_by_side([queries, keys, keys])
                },
            },
            ProjectionNames::TogetherUpright(name) => Projections::Together {
                all: Linear::declare_upright(declare, &named(name), [self.hidden, queries + 2 * keys]),
                columns: Columns::side_by_side([queries, keys, keys]),
            },
        };
        // A group of blocks may have more of them than the network applies.
        let block = &self.blocks[number.min(self.blocks.len() - 1)];
        Attention {
            projections,
            settings: AttentionSettings {
                heads,
                key_heads,
                size,
                scale: block.scale,
                softcap: self.attention.softcap,
                mask: block.mask,
            },
            rotary: block.rotary.clone(),
            norms: self
                .attention
                .head_norms
                .map(|names| names.map(|part| NormLayer::declare(declare, &named(part), size, self.norms.settings))),
            relative: self.relative_of(declare, name, relative),
        }
    }

    /// The shared table of relative positions with a block's own layers for it.
    fn relative_of(&self, declare: &mut Declarations, name: &str, shared: &RelativePositions) -> RelativePositions {
        let (RelativePositions::Disentangled(shared), RelativeConfig::Disentangled { key, query, .. }) =
            (shared, &self.attention.relative)
        else {
            return shared.clone();
        };
        let [key, query] = [key, query].map(|layer| match layer {
            PositionNames::None => PositionLayer::None,
            PositionNames::Shared => PositionLayer::Shared,
            PositionNames::Own(part) => {
                let sizes = [self.hidden, self.attention.heads * self.attention.size];
                PositionLayer::Own(Linear::declare(declare, &format!("{name}.{part}"), sizes, true))
            }
        });
        RelativePositions::Disentangled(DisentangledPositions {
            key,
            query,
            ..shared.clone()
        })
    }

    fn head(&self, declare: &mut Declarations, width: usize, blocks: usize) -> Head {
        let HeadConfig {
            reads,
            outputs,
            is_from_file,
            ..
        } = self.head;
        let read = reads.width(width);
        let normal = Start::Normal(HEAD_DEVIATION);
        let start = |declare: &mut Declarations, matrices: Start, vectors: Start| {
            if is_from_file {
                declare.starting(Start::Pretrained, Start::Pretrained);
            } else {
                declare.starting(matrices, vectors);
            }
        };
        let steps = self.head.steps.iter().map(|step| match *step {
            StepConfig::Dropout => Step::Dropout,
            StepConfig::Activation(kind) => Step::Activation(kind),
            StepConfig::Pretrained(name, has_bias) => {
                start(
                    declare,
                    Start::PretrainedOrNormal(HEAD_DEVIATION),
                    Start::PretrainedOrZeros,
                );
                Step::Linear(Linear::declare(declare, name, [width, width], has_bias))
            }
            StepConfig::Hidden(name) => {
                start(declare, normal, Start::Zeros);
                Step::Linear(Linear::declare(declare, name, [width, width], true))
            }
            StepConfig::Norm(name, settings) => {
                start(declare, Start::PretrainedOrOnes, Start::PretrainedOrOnes);
                Step::Norm(NormLayer::declare(declare, name, width, settings))
            }
            StepConfig::Output(name, has_bias) => {
                start(declare, normal, Start::Zeros);
                Step::Linear(Linear::declare(declare, name, [read, outputs], has_bias))
            }
        });
        Head {
            reads,
            steps: steps.collect(),
            first_site: 1 + 3 * blocks as u64,
        }
    }
}
