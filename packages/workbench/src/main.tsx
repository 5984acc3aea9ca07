import { render } from 'preact';
import { App } from './app.tsx';
import { Failure } from './failure.tsx';
import { start } from './session/index.ts';
import './style.css';

const page = document.getElementById('page');
if (page === null) {
  throw new Error('index.html has no element for the page.');
}
render(
  <Failure>
    <App />
  </Failure>,
  page,
);
void start();
