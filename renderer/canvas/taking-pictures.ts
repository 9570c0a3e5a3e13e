import type { Attachment } from 'svelte/attachments'
import type { ImageId } from '../../main/contract/image.ts'
import type { ImageRecord } from '../../main/contract/image.ts'
import { pictureUrl } from '../api.ts'

/** The kind of a dragged picture that is already in the gallery; what is dropped is then its id. */
const PICTURE_TYPE = 'application/x-latent-studio-picture'

interface TakingOptions {
  onpicture: (picture: Blob | ImageId) => void
  /** Told when something that could be dropped comes over the element, and when it leaves. */
  onover: (isOver: boolean) => void
}

/** Lets a picture be dropped on an element: from the gallery, from the system, from another page. */
export function takingPictures({ onpicture, onover }: TakingOptions): Attachment<HTMLElement> {
  return (element) => {
    // Children fire enter and leave of their own, so these are counted.
    let depth = 0

    function enter(event: DragEvent): void {
      if (!bringsPicture(event.dataTransfer)) return
      depth += 1
      onover(true)
    }

    function over(event: DragEvent): void {
      if (!event.dataTransfer || !bringsPicture(event.dataTransfer)) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
    }

    function leave(event: DragEvent): void {
      if (!bringsPicture(event.dataTransfer)) return
      depth = Math.max(0, depth - 1)
      if (depth === 0) onover(false)
    }

    function drop(event: DragEvent): void {
      depth = 0
      onover(false)
      const picture = event.dataTransfer ? pictureIn(event.dataTransfer) : undefined
      if (picture === undefined) return
      event.preventDefault()
      onpicture(picture)
    }

    element.addEventListener('dragenter', enter)
    element.addEventListener('dragover', over)
    element.addEventListener('dragleave', leave)
    element.addEventListener('drop', drop)
    return () => {
      element.removeEventListener('dragenter', enter)
      element.removeEventListener('dragover', over)
      element.removeEventListener('dragleave', leave)
      element.removeEventListener('drop', drop)
    }
  }
}

/** The picture a drop or a paste brings, if it brings one: its id in the gallery, or a file. */
export function pictureIn(data: DataTransfer): Blob | ImageId | undefined {
  const id = data.getData(PICTURE_TYPE)
  if (id !== '') return id
  return [...data.files].find((file) => file.type.startsWith('image/'))
}

/** Fills a drag with a gallery picture: its id for this window, a file for others. */
export function dragPicture(event: DragEvent, picture: ImageRecord): void {
  const { dataTransfer } = event
  if (!dataTransfer) return
  const url = new URL(pictureUrl(picture.id), window.location.href).href
  const name = picture.fileName.split('/').at(-1) ?? picture.fileName
  dataTransfer.effectAllowed = 'copy'
  dataTransfer.setData(PICTURE_TYPE, picture.id)
  dataTransfer.setData('DownloadURL', `image/png:${name}:${url}`)
  dataTransfer.setData('text/uri-list', url)
}

function bringsPicture(data: DataTransfer | null): boolean {
  return data !== null && (data.types.includes(PICTURE_TYPE) || data.types.includes('Files'))
}
