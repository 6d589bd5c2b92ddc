// Package pdf reads, renders, prepares, signs and verifies PDF files.
//
// Reading for people (page images, sizes, text) is done by pdfium in a sandbox: Renderer. Writing is done here: a file
// is parsed by our own bounded reader, and every change is appended as an incremental update, so that earlier bytes,
// and with them earlier signatures, stay as they were.
//
// Prepare adds the fields of all marks before the first signature. Sign fills the marks of one act and signs, PAdES
// with a detached CMS. Verify checks every signature and what was changed after each. Composer sets plain documents.
//
// The first signature does not certify the file (DocMDP): an approver may be added after it, whose fields would break a
// certification. Verify tells instead what each later update did. Everything that differs between the revision that was
// signed and the file as it is now is a change, and only these are permitted: filling a field that was there, a signature
// field that its own update signs, certificates and revocation lists, and renewed dates of the description.
//
// All coordinates that callers see are points (1/72 inch) from the top left of the page as shown, y down; pages count
// from 1.
package pdf
