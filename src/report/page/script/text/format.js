// Numbers, lengths of time and values as people read them. `short` is for plots; `exact` loses nothing and is for tables.

export function short(number, digits = 4) {
  if (number === null || number === undefined || Number.isNaN(number)) return '–';
  if (!Number.isFinite(number)) return number > 0 ? '∞' : '−∞';
  if (number === 0) return '0';
  const size = Math.abs(number);
  if (Number.isInteger(number) && size < 1e7) return String(number);
  if (size >= 1e7 || size < 1e-4) return trimmed(number.toExponential(digits - 1)).replace('e+', 'e');
  return trimmed(number.toPrecision(digits).includes('e') ? String(Math.round(number)) : number.toPrecision(digits));
}

export function trimmed(text) {
  const [mantissa, power] = text.split('e');
  const plain = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return power === undefined ? plain : `${plain}e${power}`;
}

export function exact(given) {
  if (given === null || given === undefined) return '';
  if (typeof given !== 'number') return String(given);
  // Every digit stays; with an exponent small numbers are shorter.
  const isSmall = given !== 0 && Math.abs(given) < 1e-3;
  return (isSmall ? given.toExponential() : String(given)).replace('e+', 'e');
}

// The value of a parameter; `undefined` where the configuration does not have it.
export function value(parameter) {
  if (parameter === undefined || parameter === null) return 'none';
  return typeof parameter === 'number' ? short(parameter) : String(parameter);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  const sign = seconds < 0 ? '−' : '';
  const size = Math.abs(seconds);
  if (size < 9.95) return `${sign}${trimmed(size.toFixed(size < 0.995 ? 2 : 1))} s`;
  const whole = Math.round(size);
  if (whole < 60) return `${sign}${whole} s`;
  if (whole < 3600) return `${sign}${Math.floor(whole / 60)}m ${padded(whole % 60)}s`;
  const minutes = Math.round(size / 60);
  if (minutes < 1440) return `${sign}${Math.floor(minutes / 60)}h ${padded(minutes % 60)}m`;
  const hours = Math.round(size / 3600);
  return `${sign}${Math.floor(hours / 24)}d ${padded(hours % 24)}h`;
}

function padded(number) {
  return String(number).padStart(2, '0');
}

export function epochs(number) {
  if (number === null || number === undefined) return '–';
  if (number >= 100) return String(Math.round(number));
  return trimmed(number >= 0.1 ? number.toFixed(2) : number.toPrecision(2));
}

export function counted(number, unit) {
  return `${number.toLocaleString('en')} ${unit}${number === 1 ? '' : 's'}`;
}

export function percentage(share) {
  return `${trimmed((share * 100).toFixed(Math.abs(share) < 0.0995 ? 1 : 0))} %`;
}

export function memory(mebibytes) {
  if (!mebibytes) return '–';
  return mebibytes >= 10240 ? `${trimmed((mebibytes / 1024).toFixed(1))} GiB` : `${short(mebibytes)} MiB`;
}

export function clock(date) {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(padded).join(':');
}

// `text` cut to so many characters; where it is cut an ellipsis says so.
export function clipped(text, length) {
  const letters = Array.from(text);
  return letters.length > length ? `${letters.slice(0, length - 1).join('')}…` : text;
}
