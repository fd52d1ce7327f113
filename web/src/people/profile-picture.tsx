// The picture that others see.
import { useState } from 'react';
import { ask } from '../api/line';
import { upload } from '../api/upload';
import { useFeed, useSession } from '../app/context';
import { RemovePictureDocument, SetPictureDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { Choose, useFault } from '../ui/choose-image';
import { useAttempt, useTell, useTrouble } from '../ui/toasts';

const words = texts.settings;

export function ProfilePicture() {
  const { client } = useSession();
  const me = useFeed((feed) => feed.me);
  const [progress, setProgress] = useState<number>();
  const fault = useFault();
  const attempt = useAttempt();
  const complain = useTrouble();
  const tell = useTell();
  const set = async (file: File) => {
    const wrong = fault(file);
    if (wrong) return complain(wrong);
    setProgress(0);
    if (await attempt(() => upload(SetPictureDocument, { file }, setProgress))) tell(words.saved);
    setProgress(undefined);
  };
  const remove = async () => {
    if (await attempt(() => ask(client, RemovePictureDocument, {}))) tell(words.saved);
  };
  return (
    <div className="profile-picture" role="group" aria-label={words.picture}>
      <Avatar id={me.id} name={me.fullName} picture={me.profilePic} size="large" />
      <Choose label={words.choosePicture} onChoose={(file) => void set(file)} />
      {me.profilePic && <button type="button" className="link-button" onClick={() => void remove()}>{words.removePicture}</button>}
      {progress !== undefined && <progress value={progress} aria-label={texts.image.progress} />}
    </div>
  );
}
