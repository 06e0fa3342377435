"""The same search with Optuna and the Hugging Face Trainer: so many processes, one thread each, one study between them.

Usage: peer.py MODEL_FOLDER DATA_FOLDER OUT.csv [PROCESSES] [none]     needs torch, transformers, accelerate, optuna
`none` as the last word: nothing is pruned. The pruner is Optuna's asynchronous successive halving, which stops what is not among
the best third at a third of an epoch and at one epoch, of three.
"""

import csv
import json
import math
import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", TRANSFORMERS_VERBOSITY="error")

EPOCHS, ETA, RUNGS = 3, 3, (1 / 3, 1, 3)
HERE = Path(__file__).parent


def read(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [row["text"] for row in rows], [int(row["label"]) for row in rows]


def worker(model_folder, data, journal, prunes):
    import optuna
    import torch
    import transformers
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)

    class Texts(torch.utils.data.Dataset):
        def __init__(self, path):
            texts, self.labels = read(path)
            self.tokens = tokenizer(texts, truncation=True, max_length=64)["input_ids"]

        def __len__(self):
            return len(self.labels)

        def __getitem__(self, index):
            return {"input_ids": self.tokens[index], "labels": self.labels[index]}

    train, validation = Texts(data / "train.tsv"), Texts(data / "validation.tsv")
    configurations = json.loads((HERE / "configurations.json").read_text())

    def objective(trial):
        config = configurations[trial.suggest_categorical("configuration", list(range(len(configurations))))]
        steps = math.ceil(len(train) / config["batch_size"])
        stops = {max(1, round(rung * steps)): index for index, rung in enumerate(RUNGS)}

        class AtRungs(transformers.TrainerCallback):
            def on_step_end(self, args, state, control, **kwargs):
                control.should_evaluate = state.global_step in stops

            def on_evaluate(self, args, state, control, metrics, **kwargs):
                trial.set_user_attr("accuracy", metrics["eval_accuracy"])
                trial.set_user_attr("epochs", state.global_step / steps)
                trial.report(metrics["eval_accuracy"], ETA ** stops[state.global_step])
                if prunes and state.global_step < EPOCHS * steps and trial.should_prune():
                    control.should_training_stop = True
                    trial.set_user_attr("pruned", True)

        transformers.set_seed(trial.number)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            model_folder,
            num_labels=2,
            hidden_dropout_prob=config["dropout"],
            attention_probs_dropout_prob=config["dropout"],
        )
        frozen = [model.bert.embeddings, *model.bert.encoder.layer] if config["freeze_depth"] else []
        for module in frozen[: config["freeze_depth"] + 1]:
            module.requires_grad_(False)
        arguments = transformers.TrainingArguments(
            output_dir=str(Path(journal).parent / f"trial-{trial.number}"),
            num_train_epochs=EPOCHS,
            learning_rate=config["learning_rate"],
            weight_decay=config["weight_decay"],
            per_device_train_batch_size=config["batch_size"],
            per_device_eval_batch_size=32,
            save_strategy="no",
            eval_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=not torch.cuda.is_available(),
            dataloader_pin_memory=False,
            seed=trial.number,
        )
        trainer = transformers.Trainer(
            model=model,
            args=arguments,
            train_dataset=train,
            eval_dataset=validation,
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
            compute_metrics=lambda result: {"accuracy": float((result.predictions.argmax(-1) == result.label_ids).mean())},
            callbacks=[AtRungs()],
        )
        trainer.train()
        if trial.user_attrs.get("pruned"):
            raise optuna.TrialPruned
        return trial.user_attrs["accuracy"]

    study = optuna.load_study(
        study_name="peer",
        storage=JournalStorage(JournalFileBackend(journal)),
        sampler=optuna.samplers.RandomSampler(),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=ETA)
        if prunes
        else optuna.pruners.NopPruner(),
    )
    while any(trial.state == optuna.trial.TrialState.WAITING for trial in study.get_trials(deepcopy=False)):
        study.optimize(objective, n_trials=1)


def main():
    import multiprocessing
    import tempfile

    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    words = [word for word in sys.argv[1:] if word != "none"]
    prunes = "none" not in sys.argv
    model_folder, data, out = words[0], Path(words[1]), words[2]
    processes = int(words[3]) if len(words) > 3 else 2
    count = len(json.loads((HERE / "configurations.json").read_text()))
    with tempfile.TemporaryDirectory() as folder:
        journal = f"{folder}/journal.log"
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(study_name="peer", storage=JournalStorage(JournalFileBackend(journal)), direction="maximize")
        for number in range(count):
            study.enqueue_trial({"configuration": number})
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=worker, args=(model_folder, data, journal, prunes)) for _ in range(processes)]
        for process in workers:
            process.start()
        for process in workers:
            process.join()
        trials = optuna.load_study(study_name="peer", storage=JournalStorage(JournalFileBackend(journal))).trials
    with open(out, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["configuration", "accuracy", "epochs"])
        for trial in trials:
            best = max(trial.intermediate_values.values(), default=float("nan"))
            writer.writerow([trial.params.get("configuration"), best, trial.user_attrs.get("epochs")])


if __name__ == "__main__":
    main()
