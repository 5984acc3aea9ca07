/** Threads of a kernel, numbered from 0: a dispatch has at most 65535 workgroups in one direction. */
export const WORKGROUP = 64;

export const thread = /* wgsl */ `
fn threadOf(group: vec3<u32>, groups: vec3<u32>, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * ${WORKGROUP}u + local;
}
`;
