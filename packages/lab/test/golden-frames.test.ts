/**
 * The same pixels on every host: SHA-256 over three frames of 160×120, as Node 20, 22 and 24 on
 * x86-64 give them. A scene or an engine that is changed on purpose changes its line here.
 */
import { profiles } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { runStack } from '../src/run.ts';
import { scenes } from '../src/scenes/index.ts';
import { stackSpec } from '../src/stack-spec.ts';
import { testEnvironment } from './environment.ts';

const golden: Readonly<Record<string, string>> = {
  bunny: 'b29a2c9c7f7e5d9fedf441a9dafb3f22fdb1ad5f5c7b81525ca89fc9dfcfcdc9',
  triangle: '38c8e93b7bec10bcc02fd379835ee8f4e9f160f88ed84e1830346fd9a4f54ef8',
  clear: '595ec85c34db8dc8510efd56a647f16a256f78c2f732d3e46994afb6cfa008e4',
  image: '272edc91a1a29cd7cd5842db6cb5ac1069dd14c896db6df54801e30bf7f0e774',
  churn: '6915ba7cb38c3b8c3bfbb2671527aada5834a158e8928cef0fb7ed53dcf5f386',
  burst: 'fb23de39ad866da88b3f2795c0325ec96b0278fa2c37835639b2a284c729f964',
  hog: '9facd5278b91cb53f0ab645eba0f2ae49a5bb37cbb317c4b25e1bffd35a5a52b',
  nop: 'effce1e0428929107aa0b61d5e4e0705001033b6d95b12f670a6007c451532bf',
};

it.each([...scenes.values()])('$name', async (scene) => {
  const { report } = await runStack(
    {
      spec: stackSpec('native'),
      scene,
      context: { width: 160, height: 120, frames: 3, seed: 1 },
      profile: profiles.get('kvm-x86')!,
    },
    testEnvironment,
  );
  expect(report.frames.sha256).toBe(golden[scene.name]);
});
