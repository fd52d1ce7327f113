// The picture that others see.
import { useState } from 'react';
import { execute } from '../api/transport';
import { upload } from '../api/upload';
import { useFeed, useSession } from '../app/session';
import { RemovePictureDocument, SetPictureDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ImageChooser, useImageCheck } from '../ui/image-chooser';
import { useAttempt, useShowNotice, useShowError } from '../ui/toasts';

const words = texts.settings;

export function ProfilePicture() {
  const { client } = useSession();
  const me = useFeed((feed) => feed.me);
  const [progress, setProgress] = useState<number>();
  const fault = useImageCheck();
  const attempt = useAttempt();
  const complain = useShowError();
  const tell = useShowNotice();
  const set = async (file: File) => {
    const wrong = fault(file);
    if (wrong) return complain(wrong);
    setProgress(0);
    if (await attempt(() => upload(SetPictureDocument, { file }, setProgress))) tell(words.saved);
    setProgress(undefined);
  };
  const remove = async () => {
    if (await attempt(() => execute(client, RemovePictureDocument, {}))) tell(words.saved);
  };
  return (
    <div className="profile-picture" role="group" aria-label={words.picture}>
      <Avatar id={me.id} name={me.fullName} picture={me.profilePic} size="large" />
      <ImageChooser label={words.choosePicture} onChoose={(file) => void set(file)} />
      {me.profilePic && <button type="button" className="link-button" onClick={() => void remove()}>{words.removePicture}</button>}
      {progress !== undefined && <progress value={progress} aria-label={texts.image.progress} />}
    </div>
  );
}
