//! Losses as targets of the regression: normal in shape, with mean 0 and variance 1.

fn knob(n: &str, d: f64) -> f64 { std::env::var(n).ok().and_then(|v| v.parse().ok()).unwrap_or(d) }

/// The targets for these losses; failed ones are as bad as the worst. The order is kept.
pub(crate) fn warp(losses: &[f64]) -> Vec<f64> {
    let finite = |loss: &f64| loss.is_finite();
    let worst = losses.iter().copied().filter(finite).fold(f64::NEG_INFINITY, f64::max);
    if !worst.is_finite() {
        return vec![0.0; losses.len()];
    }
    let v: Vec<f64> = losses.iter().map(|loss| if loss.is_finite() { *loss } else { worst }).collect();
    match knob("GP_WARP", 5.0) as i32 {
        0 => standardised(&v),
        1 => {
            let mut s: Vec<f64> = v.clone();
            s.sort_by(f64::total_cmp);
            let n = s.len() as f64;
            standardised(&v.iter().map(|x| {
                let lo = s.partition_point(|y| y < x) as f64;
                let hi = s.partition_point(|y| y <= x) as f64;
                let q = (0.5 * (lo + hi)).clamp(0.25, n - 0.25) / n;
                std::f64::consts::SQRT_2 * statrs::function::erf::erf_inv(2.0 * q - 1.0)
            }).collect::<Vec<_>>())
        }
        3 => { // log of distance to min
            let mut s: Vec<f64> = v.clone();
            s.sort_by(f64::total_cmp);
            let med = s[s.len() / 2];
            let d = (med - s[0]).max(1e-12);
            let c = knob("GP_LOGC", 0.1);
            standardised(&v.iter().map(|x| ((x - s[0]) / d + c).ln()).collect::<Vec<_>>())
        }
        4 => { // winsorise top
            let mut s: Vec<f64> = v.clone();
            s.sort_by(f64::total_cmp);
            let med = s[s.len() / 2];
            let lim = med + knob("GP_WIN", 3.0) * (med - s[s.len() / 10]).max(1e-12);
            standardised(&v.iter().map(|x| x.min(lim)).collect::<Vec<_>>())
        }
        5 => best_of(&v, box_cox, &[-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]),
        _ => best_of(&standardised(&v), yeo_johnson, &[-2.0, -1.5, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5]),
    }
}

fn best_of(v: &[f64], f: fn(&[f64], f64) -> (Vec<f64>, f64), powers: &[f64]) -> Vec<f64> {
    let best = powers.iter().map(|p| f(v, *p)).max_by(|a, b| a.1.total_cmp(&b.1));
    standardised(&best.map_or_else(|| v.to_vec(), |b| b.0))
}

fn variance(v: &[f64]) -> f64 {
    let n = v.len() as f64;
    let m = v.iter().sum::<f64>() / n;
    v.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / n
}

fn box_cox(v: &[f64], p: f64) -> (Vec<f64>, f64) {
    let mut s: Vec<f64> = v.to_vec();
    s.sort_by(f64::total_cmp);
    let med = s[s.len() / 2];
    let off = knob("GP_LOGC", 0.1) * (med - s[0]).max(1e-12) - s[0];
    let w: Vec<f64> = v.iter().map(|x| { let y = x + off; if p == 0.0 { y.ln() } else { (y.powf(p) - 1.0) / p } }).collect();
    let ll = -0.5 * v.len() as f64 * variance(&w).max(1e-300).ln() + (p - 1.0) * v.iter().map(|x| (x + off).ln()).sum::<f64>();
    (w, ll)
}

fn yeo_johnson(v: &[f64], p: f64) -> (Vec<f64>, f64) {
    let w: Vec<f64> = v.iter().map(|&x| if x >= 0.0 {
        if p == 0.0 { x.ln_1p() } else { ((1.0 + x).powf(p) - 1.0) / p }
    } else if p == 2.0 { -(-x).ln_1p() } else { -((1.0 - x).powf(2.0 - p) - 1.0) / (2.0 - p) }).collect();
    let ll = -0.5 * v.len() as f64 * variance(&w).max(1e-300).ln() + (p - 1.0) * v.iter().map(|x| x.signum() * x.abs().ln_1p()).sum::<f64>();
    (w, ll)
}

/// Shifted and scaled to mean 0 and variance 1.
fn standardised(values: &[f64]) -> Vec<f64> {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    let scale = if deviation > 1e-300 && deviation.is_finite() { 1.0 / deviation } else { 0.0 };
    values.iter().map(|value| (value - mean) * scale).collect()
}
