/** Arithmetic on pixels in WGSL, the same as the device model's (bell/color.ts), bit for bit. */
export const color = /* wgsl */ `
fn channel(pixel: u32, shift: u32) -> u32 {
  return (pixel >> shift) & 255u;
}

/** x / 255 to the nearest, for x from 0 to 65025. */
fn over255(x: u32) -> u32 {
  let biased = x + 128u;
  return (biased + (biased >> 8u)) >> 8u;
}

/** a and b mixed in each channel, t from 0 to 256. */
fn mixed(a: u32, b: u32, t: u32) -> u32 {
  let s = 256u - t;
  let even = (a & 0xff00ffu) * s + (b & 0xff00ffu) * t + 0x800080u;
  let odd = ((a >> 8u) & 0xff00ffu) * s + ((b >> 8u) & 0xff00ffu) * t + 0x800080u;
  return ((even >> 8u) & 0xff00ffu) | (odd & 0xff00ff00u);
}

fn modulated(texel: u32, c: vec4<u32>) -> u32 {
  return over255(channel(texel, 0u) * c.r)
    | (over255(channel(texel, 8u) * c.g) << 8u)
    | (over255(channel(texel, 16u) * c.b) << 16u)
    | (over255(channel(texel, 24u) * c.a) << 24u);
}

fn weighted(a: u32, weightA: u32, b: u32, weightB: u32, shift: u32) -> u32 {
  let total = weightA + weightB;
  let sum = channel(a, shift) * weightA + channel(b, shift) * weightB;
  return ((sum + (total >> 1u)) / total) << shift;
}

/** Porter and Duff's "over" with straight alpha. */
fn over(source: u32, destination: u32) -> u32 {
  let alpha = source >> 24u;
  if (alpha == 255u) { return source; }
  if (alpha == 0u) { return destination; }
  let weightS = alpha * 255u;
  let weightD = (destination >> 24u) * (255u - alpha);
  return weighted(source, weightS, destination, weightD, 0u)
    | weighted(source, weightS, destination, weightD, 8u)
    | weighted(source, weightS, destination, weightD, 16u)
    | (over255(weightS + weightD) << 24u);
}
`;
