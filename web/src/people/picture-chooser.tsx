// A picture of the user or of a group: shows, replaces and removes it.
import { useState } from 'react';
import { execute } from '../api/execute';
import { upload } from '../api/upload';
import { useFeed, useSession } from '../app/session';
import type { Conversation, Person } from '../feed';
import { RemoveGroupPictureDocument, RemovePictureDocument, SetGroupPictureDocument, SetPictureDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ImageChooser } from '../ui/image-chooser';
import { ImageRejected, prepareImage } from '../ui/prepare-image';
import { useAttempt, useShowNotice, useShowError } from '../ui/toasts';

const words = texts.settings;

interface PictureChooserProps {
  label: string;
  id: string;
  name: string;
  picture: Person['profilePic'];
  isGroup?: boolean;
  set(file: File, onProgress: (fraction: number) => void): Promise<unknown>;
  remove(): Promise<unknown>;
}

function PictureChooser({ label, id, name, picture, isGroup = false, set, remove }: PictureChooserProps) {
  const { limits } = useSession();
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
    if (await attempt(() => set(prepared, setProgress))) showNotice(words.saved);
    setProgress(undefined);
  };
  const clear = async () => {
    if (await attempt(remove)) showNotice(words.saved);
  };
  return (
    <div className="profile-picture" role="group" aria-label={label}>
      <Avatar id={id} name={name} picture={picture} isGroup={isGroup} size="large" />
      <div className="profile-picture-actions">
        <ImageChooser label={words.choosePicture} onChoose={(file) => void replace(file)} />
        {picture && <button type="button" className="link-button" onClick={() => void clear()}>{words.removePicture}</button>}
        {progress !== undefined && <progress value={progress} aria-label={texts.image.progress} />}
      </div>
    </div>
  );
}

export function ProfilePicture() {
  const { client } = useSession();
  const { id, fullName, profilePic } = useFeed((feed) => feed.me);
  return (
    <PictureChooser
      label={words.picture} id={id} name={fullName} picture={profilePic}
      set={(file, onProgress) => upload(SetPictureDocument, { file }, onProgress)} remove={() => execute(client, RemovePictureDocument, {})}
    />
  );
}

export function GroupPicture({ conversation: { id, title, picture } }: { conversation: Conversation }) {
  const { client } = useSession();
  return (
    <PictureChooser
      label={texts.group.picture} id={id} name={title ?? ''} picture={picture} isGroup
      set={(file, onProgress) => upload(SetGroupPictureDocument, { id, file }, onProgress)} remove={() => execute(client, RemoveGroupPictureDocument, { id })}
    />
  );
}
