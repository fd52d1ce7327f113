// Components whose code is loaded when they are first shown, so that the first load stays small.
import { type ComponentType, useEffect, useState } from 'react';
import { texts } from '../texts';
import { useShowError } from './toasts';

interface Openable {
  open: boolean;
  onClose(): void;
}

/** If the code cannot be loaded, an error says so, and the component is closed: it is tried again when it is next opened. */
export function onDemand<Props extends Openable>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
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
