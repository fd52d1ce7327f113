// The README's recipes on the newest graphql-js, which has a package name of its own here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useInstead } from './use-instead.mjs';

useInstead({ graphql: 'graphql-17' });
await import('./recipes.test.mjs');

test('graphql 17 was used', async () => assert.match((await import('graphql')).version, /^17\./));
