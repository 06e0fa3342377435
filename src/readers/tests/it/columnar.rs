//! Files that pyarrow, pandas and `datasets` have written.

use automl_readers::{Kind, ReadOptions, Source, open, sniff};

use crate::support::{file, read, testdata};

const KINDS: [&str; 3] = [
    "text=naïve large=x view=short category=spam flag=true tiny=-128 big=9007199254740993 huge=18446744073709551615 \
     half=0.5 single=0.1 double=0.1 words=[a, null] numbers=[1, 2] nested=[[a], []] answers.text=[May] \
     answers.answer_start=[10] spans.from=[1, 2] spans.kind=[a, null] when=1970-01-01T00:00:00 picture=null nothing=null",
    "text=null large= view=a view longer than twelve bytes category=ham flag=null tiny=0 big=-1 huge=0 half=null \
     single=10000000000.0 double=1e300 words=[] numbers=[3, null] nested=[] answers.text=[] answers.answer_start=[] spans.from=[] \
     spans.kind=[] when=1970-01-02T00:00:00 picture=null nothing=null",
    "text=a \"b\"\n large=null view=null category=spam flag=false tiny=null big=null huge=null half=1.0 single=null \
     double=null words=null numbers=[5, 6] nested=null answers.text=null answers.answer_start=null spans.from=null \
     spans.kind=null when=null picture=null nothing=null",
];

#[test]
fn every_kind_of_value_is_read_from_parquet_with_every_compression() {
    for compression in ["none", "snappy", "gzip", "zstd", "lz4"] {
        assert_eq!(file(&format!("kinds-{compression}.parquet")), KINDS, "{compression}");
    }
}

#[test]
fn every_kind_of_value_is_read_from_arrow_files_and_streams() {
    for name in [
        "kinds-uncompressed.feather",
        "kinds-lz4.feather",
        "kinds-zstd.feather",
        "kinds.arrows",
    ] {
        assert_eq!(file(name), KINDS, "{name}");
    }
}

#[test]
fn labels_of_datasets_get_their_names() {
    let expected = [
        "text=good label=pos tags=[O, B-PER, I-PER]",
        "text=bad label=neg tags=[]",
        "text=unknown label=null tags=[I-PER]",
    ];
    assert_eq!(file("labels.parquet"), expected);
    assert_eq!(file("labels.arrow"), expected);
}

#[test]
fn the_fields_are_known_before_reading() {
    let kinds = |name: &str| -> Vec<Kind> {
        let reader = open(&[Source::Path(testdata(name))], &ReadOptions::default()).unwrap();
        reader.fields().iter().map(|field| field.kind).collect()
    };
    assert_eq!(kinds("labels.parquet"), [Kind::Text, Kind::Text, Kind::List]);
    let all = kinds("kinds-none.parquet");
    assert_eq!(
        all[..6],
        [
            Kind::Text,
            Kind::Text,
            Kind::Text,
            Kind::Text,
            Kind::Boolean,
            Kind::Number
        ]
    );
    assert_eq!(all[all.len() - 3..], [Kind::Text, Kind::Unsupported, Kind::Unknown]);
}

#[test]
fn what_pandas_writes_is_read_from_every_format() {
    let expected = ["text=a label=yes score=1.0", "text=b label=no score=null"];
    for name in ["pandas.parquet", "pandas.json", "pandas-records.json", "pandas.jsonl"] {
        assert_eq!(file(name), expected, "{name}");
    }
    assert_eq!(
        file("pandas.csv"),
        [
            "column_1=0 text=a label=yes score=1.0",
            "column_1=1 text=b label=no score="
        ]
    );
}

#[test]
fn the_content_counts_and_not_the_name() {
    let content = std::fs::read(testdata("labels.parquet")).unwrap();
    let description = sniff(&Source::memory("train.csv", content), &ReadOptions::default()).unwrap();
    assert_eq!((description.format, description.rows.len()), ("parquet", 3));
}

#[test]
fn damaged_files_are_named() {
    let parquet = std::fs::read(testdata("labels.parquet")).unwrap();
    let arrow = std::fs::read(testdata("kinds-lz4.feather")).unwrap();
    for (name, content) in [("a.parquet", parquet), ("a.feather", arrow)] {
        let message = read(name, &content[..content.len() / 2], &ReadOptions::default())
            .unwrap_err()
            .to_string();
        assert!(message.starts_with(&format!("`{name}`: the ")), "{message}");
        assert!(message.contains("data cannot be read"), "{message}");
    }
    let message = read("a.parquet", "text,label\n", &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(message.contains("the Parquet data cannot be read"), "{message}");
}
