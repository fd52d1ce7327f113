// The user's own profile picture: shows, replaces and removes it.
import { useState } from 'react';
import { execute } from '../api/execute';
import { upload } from '../api/upload';
import { useFeed, useSession } from '../app/session';
import { RemovePictureDocument, SetPictureDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ImageChooser } from '../ui/image-chooser';
import { ImageRejected, prepareImage } from '../ui/prepare-image';
import { useAttempt, useShowNotice, useShowError } from '../ui/toasts';

const words = texts.settings;

export function ProfilePicture() {
  const { client, limits } = useSession();
  const me = useFeed((feed) => feed.me);
  const [progress, setProgress] = useState<number>();
  const attempt = useAttempt();
  const showError = useShowError();
  const showNotice = useShowNotice();
  const replace = async (file: File) => {
    let prepared: File;
    try {
      prepared = (await prepareImage(file, limits)).file;
    } catch (reason) {
      return showError(reason instanceof ImageRejected ? reason.message : texts.image.unsupported);
    }
    setProgress(0);
    if (await attempt(() => upload(SetPictureDocument, { file: prepared }, setProgress))) showNotice(words.saved);
    setProgress(undefined);
  };
  const remove = async () => {
    if (await attempt(() => execute(client, RemovePictureDocument, {}))) showNotice(words.saved);
  };
  return (
    <div className="profile-picture" role="group" aria-label={words.picture}>
      <Avatar id={me.id} name={me.fullName} picture={me.profilePic} size="large" />
      <ImageChooser label={words.choosePicture} onChoose={(file) => void replace(file)} />
      {me.profilePic && <button type="button" className="link-button" onClick={() => void remove()}>{words.removePicture}</button>}
      {progress !== undefined && <progress value={progress} aria-label={texts.image.progress} />}
    </div>
  );
}
