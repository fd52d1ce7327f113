// Components whose code is loaded when they are first shown, so that the first load stays small.
import { type ComponentType, useEffect, useState } from 'react';
import { texts } from '../texts';
import { useShowError } from './toasts';

interface Openable {
  open: boolean;
  onClose(): void;
}

/** What is loaded when the page has nothing else to do, so that it is there when the connection is not. */
const later: (() => Promise<unknown>)[] = [];

/** In milliseconds after the page is there. */
const IDLE_AFTER = 2_000;

/** Loads small components some time after the page. Returns a function that stops it. */
export function loadOnIdle(): () => void {
  const timer = setTimeout(() => { for (const load of later.splice(0)) load().catch(() => {}); }, IDLE_AFTER);
  return () => clearTimeout(timer);
}

/**
 * If the code cannot be loaded, an error says so, and the component is closed: it is tried again when it is next opened. What is
 * large is not loaded before.
 */
export function onDemand<Props extends Openable>(load: () => Promise<ComponentType<Props>>, { isLarge = false } = {}): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  if (!isLarge) later.push(() => load().then((component) => { loaded = component; }));
  return function OnDemand(props: Props) {
    const [Component, setComponent] = useState(() => loaded);
    const showError = useShowError();
    const { open, onClose } = props;
    useEffect(() => {
      if (!open || loaded) return setComponent(() => loaded);
      let isCancelled = false;
      load().then((component) => {
        loaded = component;
        if (!isCancelled) setComponent(() => component);
      }, () => {
        if (isCancelled) return;
        showError(texts.errors.notLoaded);
        onClose();
      });
      return () => { isCancelled = true; };
    }, [open]);
    return Component ? <Component {...props} /> : null;
  };
}
