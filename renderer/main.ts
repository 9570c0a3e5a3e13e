import './jitless.ts'
import { mount } from 'svelte'
import App from './App.svelte'
import { shellTransport } from './api.ts'
import { showTheme, rememberedTheme } from './state/theme.ts'

const target = document.getElementById('app')
if (!target) throw new Error('expected an element #app in index.html, found none')

showTheme(rememberedTheme())
mount(App, { target, props: { transport: shellTransport() } })
