/** Dark, light, or as the system has it. */
import { useEffect, useState } from 'preact/hooks';

const KEY = 'doorbell-theme';
const themes = ['system', 'dark', 'light'] as const;
type Theme = (typeof themes)[number];

function stored(): Theme {
  try {
    return themes.find((each) => each === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system'; // no storage here
  }
}

export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(stored);
  useEffect(() => {
    if (theme === 'system') {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = theme;
    }
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // It is forgotten then.
    }
  }, [theme]);
  return (
    <button
      type="button"
      class="theme"
      aria-label={`Theme: ${theme}`}
      title={`Theme: ${theme}`}
      onClick={() => setTheme(themes[(themes.indexOf(theme) + 1) % themes.length])}
    >
      {{ system: '◐', dark: '●', light: '○' }[theme]}
    </button>
  );
}
