//! A large terminal shows everything.

use crate::report::tui::testing::{empty, ended, under_way};

use super::seen;

#[test]
fn a_study_under_way_on_a_large_terminal() {
    insta::assert_snapshot!(seen("", 160, 50, &under_way(23)), @r"
    movie-sentiment  running                                                                                                                      about 17m 56s left
    best accuracy 0.8752 (target 0.9500 not met) in trial 20: learning_rate 0.00021, batch_size 8, dropout 0.1, freeze_depth 2, scheduler linear
    time ━━━━━━━━━━━━──────────────────── 12:03 of 30:00   trials ━━━━━━━━━━━━──────────────────── 23 of 60   2 running, 8 paused, 5 completed, 6 pruned, 2 failed
    ── Slots: 2 of 3 train ───────────────────────────────────────────────────────────────────────────────────────────────────────  ── Rungs ───────────────────────
    cpu 0  trial 21  ━━━━━─────────  epoch 0.81 of 0.44→1.3  0.7900  train loss 0.41  ▁▆▆██  busy 97 %                              epochs  reached  wait  promoted
    cpu 1  trial 22  ━━━━━━━━━─────  epoch  1.1 of 0.44→1.3  0.7900  train loss 0.41  ▁▄▃▇█  busy 93 %                                0.44       21     8         9
    cpu 2  waits                                                                              busy 0 %                                 1.3        9     4         4
                                                                                                                                         4        4     0         0
    ── 1 Best accuracy over time ───────────────────────────────────────────────────────────────────  ── 2 Trials 1 to 13 of 23, the best first ────────────────────
        │                                                                                              #  trial  status     accuracy  epochs  origin   learning_rate
        │╌ target ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌   1     20  completed    0.8752       4  default        0.00021
        │                                                                                              2     11  paused       0.8056     1.3  default        0.00012
    0.9 ┤                                                                                              3      2  paused       0.8010     1.3  default           3e-5
        │                                                                                ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀   4     15  completed    0.7807       4  sobol          0.00016
        │                                                                                ⡇             5     22  running      0.7687     1.3  tpe            0.00023
        │                                                                                ⡇             6      6  paused       0.7181     1.3  sobol             7e-5
        │                                                                                ⡇             7     10  completed    0.6862       4  tpe            0.00011
    0.8 ┤                      ⢰⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠚⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠁             8     17  paused       0.6813     1.3  default        0.00018
        │                      ⢸                                                                       9     13  pruned       0.6696    0.44  tpe            0.00014
        │                      ⢸                                                                      10      4  pruned       0.6656    0.44  tpe               5e-5
        │         ⡏⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉                                                                      11      1  paused       0.6306     1.3  tpe               2e-5
        │         ⡇                                                                                   12     21  running      0.5984     1.3  sobol          0.00022
    0.7 ┤         ⡇                                                                                   13     12  paused       0.5938     1.3  sobol          0.00013
        │         ⡇                                                                                   ── 3 Learning curves, accuracy: best and running trials ──────
        │         ⡇                                                                                       │                                      ⣀⣀⣀⣀⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⠤•20
        │   ⡏⠉⠉⠉⠉⠉⠁                                                                                       │                   2   ⢀⣀⡠⠤⠤⠤⠒⠒⠒⠒⠊⠉⠉⠉⠉
    0.6 ┤   ⡇                                                                                         0.8 ┤            21… ⣀⣤•11⠉⠉⠁
        │   ⡇                                                                                             │          ⡰•22…⠛⠉                    ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⠤•15
        │   ⡇                                                                                             │        ⢀⣴⠷⠛⠉        ⣀⣀⡠⠤⠔⠒⠒⠒⠒⠉⠉⠉⠉⠉⠉⠉
        │   ⡇                                                                                             │     ⢀⣴⡞⢫⠃    ⢀⡠⠤⠒⠒⠉⠉
        │   ⡇                                                                                         0.7 ┤   ⣠⠞⡟⡇⠈⠃ ⣀⠤⠒⠉⠁
    0.5 ┤   ⡇                                                                                             │   ⢡⠊⢸⢀⡠⠔⠉
        │   ⡇                                                                                             │   ⢁⡠⡗⠁
        │   ⡇                                                                                         0.6 ┤   ⠁⢸
        │   ⡇                                                                                             │    ⡇
    0.4 ┤ ⢀⣀⡇                                                                                             │   ⢸
        │                                                                                             0.5 ┤   ⠃
        └┴──────────────┴──────────────┴──────────────┴──────────────┴──────────────┴───────────────      └┴────────────┴────────────┴─────────────┴────────────────
        0:00          2:00           4:00           6:00           8:00           10:00         time       0            1            2             3          epochs
    ── 4 Events ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     0:00   started on 3 slots (3 × cpu), 1 thread each
     0:12 + trial 0 is the best so far: accuracy 0.4031 after 0.44 epochs
     6:42 + trial 11 is the best so far: accuracy 0.8056 after 1.3 epochs
     8:33 ! trial 9 failed (diverged): the training loss is not a number at step 112, learning_rate 0.0094
    10:40 + trial 20 is the best so far: accuracy 0.8752 after 4 epochs
    11:40   trial 21 waits at 0.44 epochs: accuracy 0.7710
    12:02   trial 8 pruned at 0.44 epochs: accuracy 0.5930


     1 best  2 trials  3 curves  4 events                                                                                  ↑↓ scroll  p hold  s stop  q quit  ? help
    ");
}

#[test]
fn an_ended_study_on_a_large_terminal() {
    insta::assert_snapshot!(seen("3", 160, 50, &ended()), @r"
    movie-sentiment  ended: the wall budget is spent
    best accuracy 0.8752 (target 0.9500 not met) in trial 20: learning_rate 0.00021, batch_size 8, dropout 0.1, freeze_depth 2, scheduler linear
    time ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 30:00 of 30:00   trials ━━━━━━━━━━━━━━━───────────────────────── 23 of 60   5 completed, 16 pruned, 2 failed
    ── Slots ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────  ── Rungs ───────────────────────
    no process works on the study now                                                                                               epochs  reached  wait  promoted
                                                                                                                                      0.44       21     8         9
                                                                                                                                       1.3        9     4         4
                                                                                                                                         4        4     0         0
    ── 3 Learning curves, accuracy: best and running trials ────────────────────────────────────────  ── 1 Best accuracy over time ─────────────────────────────────
         │                                                                                                │╌ target ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
         │                                                                   ⣀⣀⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⠤⠤⠒⠒⠒•20         │
         │                                                      ⢀⣀⣀⠤⠤⠔⠒⠒⠊⠉⠉⠉⠉                             │                    ⡏⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
    0.85 ┤                                           ⢀⣀⣀⡠⠤⠤⠒⠒⠊⠉⠉⠁                                     0.8 ┤     ⢠⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠇
         │                                      ⢀⡠⠔⠊⠉⠁                                                    │  ⣀⣀⣀⣸
         │                                  ⣀⠤⠔⠊⠁                                                         │  ⡇
         │                              ⣀⠤⠒⠉                                                              │ ⣀⡇
         │                          ⢀⢤•11                                                             0.6 ┤ ⡇
    0.80 ┤                       ⢀⣠⡲⡫⠕•2                                                                  │ ⡇
         │                     ⡠⣔⢕⠕⠊                                                       ⣀⣀⣀•15         │ ⡇
         │                  ⢀⢔⠮⡪⠒⠁                                   ⣀⣀⣀⠤⠤⠤⠤⠤⠒⠒⠒⠒⠒⠒⠒⠉⠉⠉⠉⠉⠉⠉               │ ⡇
         │                 ⣠⢗⠕⠉                          ⣀⣀⣀⠤⠤⠤⠒⠒⠒⠉⠉⠉                                 0.4 ┤⠐⠃
    0.75 ┤               ⢠⡪⡺⠁                    ⣀⡠⠔⠒⠒⠉⠉⠉                                                 └┴──────────────────┴─────────────────┴───────────────────
         │             ⢀⢴⡫⠊                 ⣀⠤⠔⠒⠉                                                         0:00              10:00             20:00             time
         │            ⣠⢗⠝              ⣀⠤⠔⠊⠉                                                          ── 2 Trials 1 to 14 of 23, the best first ────────────────────
         │          ⢠⣞⠕⠁            ⡠⠒⠉                                                                #  trial  status     accuracy  epochs  origin   learning_rate
         │         ⡴⡫⠃           ⡠⠔⠉                                                                   1     20  completed    0.8752       4  default        0.00021
    0.70 ┤       ⢀⣞⠏          ⢀⠔⠊                                                                      2     11  pruned       0.8056     1.3  default        0.00012
         │      ⣠⡯⠃         ⡠⠊⠁                                                                        3      2  pruned       0.8010     1.3  default           3e-5
         │     ⡴⡗⠁        ⡠⠊                                                                           4     15  completed    0.7807       4  sobol          0.00016
         │    ⢘⠏        ⡠⠊                                                                             5     22  pruned       0.7687     1.3  tpe            0.00023
    0.65 ┤            ⡠⠊                                                                               6      6  pruned       0.7181     1.3  sobol             7e-5
         │          ⡠⠊                                                                                 7     10  completed    0.6862       4  tpe            0.00011
         │    ⠈•22⢀⠎                                                                                   8     17  pruned       0.6813     1.3  default        0.00018
         │       ⡰⠁                                                                                    9     13  pruned       0.6696    0.44  tpe            0.00014
         │     ⢀⠜                                                                                     10      4  pruned       0.6656    0.44  tpe               5e-5
    0.60 ┤    ⠠⠃                                                                                      11      1  pruned       0.6306     1.3  tpe               2e-5
         │                                                                                            12     21  pruned       0.5984     1.3  sobol          0.00022
         └┴─────────┴──────────┴─────────┴──────────┴─────────┴──────────┴─────────┴────────────────  13     12  pruned       0.5938     1.3  sobol          0.00013
         0.0       0.5        1.0       1.5        2.0       2.5        3.0       3.5         epochs  14      8  pruned       0.5930    0.44  default           9e-5
    ── 4 Events ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     0:00   started on 3 slots (3 × cpu), 1 thread each
     0:12 + trial 0 is the best so far: accuracy 0.4031 after 0.44 epochs
     6:42 + trial 11 is the best so far: accuracy 0.8056 after 1.3 epochs
     8:33 ! trial 9 failed (diverged): the training loss is not a number at step 112, learning_rate 0.0094
    10:40 + trial 20 is the best so far: accuracy 0.8752 after 4 epochs
    11:40   trial 21 waits at 0.44 epochs: accuracy 0.7710
    12:02   trial 8 pruned at 0.44 epochs: accuracy 0.5930
    30:00   ended: the wall budget is spent

     1 best  2 trials  3 curves  4 events                                                                                                  ↑↓ scroll  q quit  ? help
    ");
}

#[test]
fn an_empty_study_on_a_large_terminal() {
    insta::assert_snapshot!(seen("2", 160, 50, &empty()), @r"
    movie-sentiment  running
    no accuracy yet
    time ──────────────────────────────────────── 0:00 of 30:00   trials ──────────────────────────────────────── 0 of 60
    ── Slots ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────  ── Rungs ───────────────────────
    the workers start                                                                                                               epochs  reached  wait  promoted
                                                                                                                                      0.44        0     0         0
                                                                                                                                       1.3        0     0         0
                                                                                                                                         4        0     0         0
    ── 2 Trials: 0 ─────────────────────────────────────────────────────────────────────────────────  ── 1 Best accuracy over time ─────────────────────────────────
    no trial yet                                                                                      no result yet













                                                                                                      ── 3 Learning curves, accuracy: running trials ───────────────
                                                                                                      no evaluation yet














    ── 4 Events ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    nothing happened yet








     1 best  2 trials  3 curves  4 events                                                                                  ↑↓ scroll  p hold  s stop  q quit  ? help
    ");
}
