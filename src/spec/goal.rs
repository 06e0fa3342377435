//! Guesses the goal of a metric from its name, if the name is unambiguous.
//!
//! Known names are those of scikit-learn's scorers and `sklearn.metrics`, torchmetrics, and Hugging Face's `evaluate`
//! and `Trainer`, and common names of W&B's and `MLflow`'s users. A name is a sequence of words, and known words
//! determine the goal. Negating words (`neg_`, a minus sign) reverse it. If two words disagree, the user must write the
//! goal.

use crate::units::Goal;

/// Metrics that are better when smaller. A phrase of several words takes precedence over the words in it.
const SMALLER: &[&str] = &[
    // Losses and errors.
    "loss",
    "error",
    "err",
    "cost",
    "log loss",
    "logloss",
    "hinge",
    "hinge loss",
    "zero one loss",
    "hamming loss",
    "dice loss",
    "iou loss",
    "giou loss",
    "focal loss",
    "cross entropy",
    "crossentropy",
    "bce",
    "nll",
    "negative log likelihood",
    "neg log likelihood",
    "negative loglikelihood",
    "kl",
    "kl div",
    "kl divergence",
    "kld",
    "js divergence",
    "divergence",
    "deviance",
    "poisson deviance",
    "gamma deviance",
    "tweedie deviance",
    "pinball",
    "pinball loss",
    "regret",
    // Regression.
    "mse",
    "rmse",
    "mae",
    "mape",
    "smape",
    "wmape",
    "msle",
    "rmsle",
    "medae",
    "nrmse",
    "mase",
    "crps",
    "max error",
    "squared error",
    "absolute error",
    "percentage error",
    "aic",
    "bic",
    // Classification and calibration.
    "brier",
    "brier score",
    "brier score loss",
    "ece",
    "calibration error",
    "eer",
    "error rate",
    "misclassification",
    "misclassification rate",
    "fpr",
    "fnr",
    "false positive rate",
    "false negative rate",
    "false positives",
    "false negatives",
    "fdr",
    "false discovery rate",
    "false alarm rate",
    "hamming distance",
    // Text and speech.
    "perplexity",
    "ppl",
    "bpc",
    "bpb",
    "bits per byte",
    "bits per character",
    "bits per dim",
    "wer",
    "cer",
    "mer",
    "ter",
    "wil",
    "word error rate",
    "char error rate",
    "character error rate",
    "match error rate",
    "word information lost",
    "translation edit rate",
    "edit distance",
    "levenshtein",
    "levenshtein distance",
    "toxicity",
    "hallucination rate",
    // Images, clusters, distances.
    "fid",
    "fid score",
    "frechet inception distance",
    "kid",
    "kid score",
    "lpips",
    "hausdorff",
    "hausdorff distance",
    "chamfer",
    "chamfer distance",
    "wasserstein",
    "wasserstein distance",
    "emd",
    "distance",
    "davies bouldin",
    "davies bouldin score",
    "ergas",
    "niqe",
    "brisque",
    // Resources.
    "latency",
    "runtime",
    "run time",
    "train time",
    "training time",
    "inference time",
    "eval time",
];

/// Metrics that are better when larger.
const LARGER: &[&str] = &[
    // Classification.
    "accuracy",
    "acc",
    "balanced accuracy",
    "f1",
    "f1score",
    "f1 score",
    "fbeta",
    "f beta",
    "auc",
    "auroc",
    "auprc",
    "auc roc",
    "roc auc",
    "pr auc",
    "average precision",
    "ap",
    "precision",
    "recall",
    "sensitivity",
    "specificity",
    "tpr",
    "tnr",
    "ppv",
    "npv",
    "true positive rate",
    "true negative rate",
    "true positives",
    "true negatives",
    "positive predictive value",
    "negative predictive value",
    "score",
    "mcc",
    "matthews",
    "matthews corrcoef",
    "matthews correlation",
    "kappa",
    "cohen kappa",
    "jaccard",
    "jaccard score",
    "jaccard index",
    "top k accuracy",
    "hit rate",
    "hits",
    "success rate",
    "success",
    "win rate",
    "winrate",
    "likelihood",
    "log likelihood",
    "loglikelihood",
    "loglik",
    "gini",
    "youden",
    // Regression and correlation.
    "r2",
    "r2 score",
    "explained variance",
    "d2 score",
    "d2 absolute error score",
    "d2 pinball score",
    "d2 tweedie score",
    "d2 log loss score",
    "d2 brier score",
    "pearson",
    "pearsonr",
    "spearman",
    "spearmanr",
    "kendall",
    "kendalltau",
    "corr",
    "corrcoef",
    "correlation",
    "concordance",
    "ccc",
    "c index",
    "nse",
    // Text, speech, retrieval.
    "bleu",
    "sacrebleu",
    "rouge",
    "rouge",
    "rougel",
    "rougelsum",
    "meteor",
    "chrf",
    "cider",
    "spice",
    "bertscore",
    "bleurt",
    "comet",
    "exact match",
    "em",
    "ndcg",
    "dcg",
    "mrr",
    "map",
    "mean average precision",
    "mean reciprocal rank",
    "reciprocal rank",
    "pesq",
    "stoi",
    "sdr",
    "si sdr",
    "snr",
    "si snr",
    "wip",
    "faithfulness",
    "pass rate",
    // Images and clusters.
    "iou",
    "miou",
    "mean iou",
    "dice",
    "dice score",
    "pq",
    "psnr",
    "ssim",
    "ms ssim",
    "inception score",
    "silhouette",
    "silhouette score",
    "calinski harabasz",
    "calinski harabasz score",
    "rand score",
    "adjusted rand score",
    "rand index",
    "ari",
    "nmi",
    "ami",
    "mutual info",
    "mutual info score",
    "homogeneity",
    "homogeneity score",
    "completeness",
    "completeness score",
    "v measure",
    "v measure score",
    "fowlkes mallows",
    "similarity",
    "cosine similarity",
    // Reinforcement learning, speed, money.
    "reward",
    "return",
    "returns",
    "episodic return",
    "elo",
    "throughput",
    "samples per second",
    "steps per second",
    "tokens per second",
    "fps",
    "profit",
    "sharpe",
    "sharpe ratio",
    "revenue",
];

/// Words that reverse a goal.
const NEGATIONS: [&str; 4] = ["neg", "negative", "negated", "minus"];

/// Words that say when, or on which data, a metric was measured.
const STAGES: [&str; 22] = [
    "val",
    "valid",
    "validation",
    "dev",
    "eval",
    "evaluation",
    "test",
    "train",
    "training",
    "holdout",
    "best",
    "final",
    "last",
    "epoch",
    "step",
    "avg",
    "average",
    "mean",
    "macro",
    "micro",
    "weighted",
    "cv",
];

/// The goal that a metric's name suggests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// The whole name is known.
    Known(Goal),
    /// Some words of the name are known.
    Told(Goal),
    /// The known words contradict each other, or no word is known.
    Open,
}

impl Guess {
    /// The goal to use if the spec does not give one.
    pub(super) fn goal(self) -> Option<Goal> {
        match self {
            Self::Known(goal) | Self::Told(goal) => Some(goal),
            Self::Open => None,
        }
    }

    /// Guesses the goal from the name `name`.
    pub(super) fn of(name: &str) -> Self {
        let words = words(name);
        match Self::of_words(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
            Self::Open => {
                // `valLoss`, `testMAE`: as one word the name is unknown.
                let parted = self::words(&part_camel_case(name));
                Self::of_words(&parted.iter().map(String::as_str).collect::<Vec<_>>())
            }
            known => known,
        }
    }

    fn of_words(words: &[&str]) -> Self {
        let mut goals = Vec::new();
        let mut is_turned = false;
        let mut is_whole = true;
        let mut rest = words;
        while let [first, after @ ..] = rest {
            if let Some((goal, length)) = longest_phrase(rest) {
                goals.push(goal);
                rest = &rest[length..];
                continue;
            }
            is_turned ^= NEGATIONS.contains(first);
            is_whole &= STAGES.contains(first) || NEGATIONS.contains(first);
            rest = after;
        }
        let Some(&goal) = goals.first() else { return Self::Open };
        if goals.iter().any(|other| *other != goal) {
            return Self::Open;
        }
        let goal = if is_turned { opposite(goal) } else { goal };
        if is_whole && goals.len() == 1 {
            Self::Known(goal)
        } else {
            Self::Told(goal)
        }
    }
}

fn opposite(goal: Goal) -> Goal {
    match goal {
        Goal::Minimize => Goal::Maximize,
        Goal::Maximize => Goal::Minimize,
    }
}

/// The longest known phrase at the beginning of `words`, and its length.
fn longest_phrase(words: &[&str]) -> Option<(Goal, usize)> {
    (1..=words.len().min(4)).rev().find_map(|length| {
        let phrase = words[..length].join(" ");
        let goal = |phrase: &str| {
            let is_smaller = SMALLER.contains(&phrase);
            let is_larger = || LARGER.contains(&phrase).then_some(Goal::Maximize);
            is_smaller.then_some(Goal::Minimize).or_else(is_larger)
        };
        // `map50`, `ndcg10`, `acc1`: the cutoff does not matter.
        let known = goal(&phrase).or_else(|| goal(phrase.trim_end_matches(|letter: char| letter.is_ascii_digit())));
        known.map(|goal| (goal, length))
    })
}

/// The words of a name in lower case. A minus sign before a word is a word.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in name.trim().chars() {
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
            continue;
        }
        // `-loss`, `val/-loss` and `1-accuracy`; elsewhere a hyphen only separates words.
        let is_minus = letter == '-' && (word.is_empty() || word == "1");
        words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        if is_minus {
            words.push("minus".to_owned());
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// Splits `valLoss` into `val Loss`, and `testMAE` into `test MAE`.
fn part_camel_case(name: &str) -> String {
    let mut parted = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if was_small && letter.is_uppercase() {
            parted.push(' ');
        }
        was_small = letter.is_lowercase() || letter.is_ascii_digit();
        parted.push(letter);
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goals(names: &[&str], expected: Option<Goal>) {
        for name in names {
            assert_eq!(Guess::of(name).goal(), expected, "{name}: {:?}", words(name));
        }
    }

    /// `sklearn.metrics.get_scorer_names()` of scikit-learn 1.7: for every scorer, larger is better.
    #[test]
    fn of_every_scorer_of_scikit_learn_more_is_better() {
        let scorers = "accuracy adjusted_mutual_info_score adjusted_rand_score average_precision balanced_accuracy completeness_score \
            d2_absolute_error_score explained_variance f1 f1_macro f1_micro f1_samples f1_weighted fowlkes_mallows_score homogeneity_score \
            jaccard jaccard_macro jaccard_micro matthews_corrcoef mutual_info_score neg_brier_score neg_log_loss neg_max_error \
            neg_mean_absolute_error neg_mean_absolute_percentage_error neg_mean_gamma_deviance neg_mean_poisson_deviance \
            neg_mean_squared_error neg_mean_squared_log_error neg_median_absolute_error neg_negative_likelihood_ratio \
            neg_root_mean_squared_error neg_root_mean_squared_log_error normalized_mutual_info_score precision precision_macro r2 rand_score \
            recall recall_weighted roc_auc roc_auc_ovo roc_auc_ovr_weighted top_k_accuracy v_measure_score";
        let names: Vec<&str> = scorers.split_whitespace().collect();
        for name in names {
            // The negative likelihood ratio is better when smaller, which its words do not show.
            if name != "neg_negative_likelihood_ratio" {
                goals(&[name], Some(Goal::Maximize));
            }
        }
    }

    #[test]
    fn known_names_tell_whatever_their_last_word_is() {
        goals(
            &[
                "brier_score",
                "fid_score",
                "log_loss",
                "eval_loss",
                "val/loss",
                "validation-loss",
                "mean_squared_error",
                "val_wer",
                "loss_1",
                "perplexity",
                "eval_perplexity",
                "negative_log_likelihood",
                "valLoss",
                "testMAE",
                "false_negative_rate",
                "davies_bouldin_score",
                "dice_loss",
                "eval_runtime",
                "-accuracy",
                "1-accuracy",
                "one_minus_auc",
                "neg_reward",
                "word_error_rate",
                "kl_divergence",
            ],
            Some(Goal::Minimize),
        );
        goals(
            &[
                "accuracy",
                "val/top1_accuracy",
                "eval_f1",
                "mAP@50",
                "map50",
                "ndcg@10",
                "recall_at_5",
                "neg_log_loss",
                "negative_loss",
                "-loss",
                "val/-loss",
                "neg_mean_squared_error",
                "true_negative_rate",
                "negative_predictive_value",
                "d2_absolute_error_score",
                "episode_reward_mean",
                "eval_samples_per_second",
                "rouge1",
                "rougeL",
                "testAcc",
                "cosine_similarity",
                "inception_score",
                "log_likelihood",
                "BLEU",
                "score",
            ],
            Some(Goal::Maximize),
        );
    }

    #[test]
    fn what_says_nothing_or_contradicts_itself_is_asked_about() {
        goals(
            &[
                "quality",
                "perplexity_score",
                "loss_score",
                "accuracy_loss",
                "reward_error",
                "x",
                "",
                "-",
                "temperature",
            ],
            None,
        );
    }

    #[test]
    fn only_a_whole_name_is_known() {
        assert_eq!(Guess::of("val_accuracy"), Guess::Known(Goal::Maximize));
        assert_eq!(Guess::of("neg_log_loss"), Guess::Known(Goal::Maximize));
        assert_eq!(Guess::of("my_odd_loss"), Guess::Told(Goal::Minimize));
    }

    #[test]
    fn no_phrase_is_in_both_tables() {
        assert_eq!(SMALLER.iter().find(|phrase| LARGER.contains(phrase)), None);
    }
}
