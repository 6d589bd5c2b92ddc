package api

// Address is a postal address in China, from large to small.
type Address struct {
	Province string `json:"Province" validate:"required"`
	City     string `json:"City" validate:"required"`
	County   string `json:"County" validate:"required"`
	Details  string `json:"Details" validate:"required" mask:"secret"`
	Country  string `json:"Country,omitempty"`
}

// Caller says for whom a request is made. Only the application is always needed; each action says which of the others it wants.
type Caller struct {
	// ApplicationId is the application of the platform on whose behalf all is done.
	ApplicationId string `json:"ApplicationId" validate:"required"`
	// SubOrganizationId is the sub-organisation that acts.
	SubOrganizationId string `json:"SubOrganizationId,omitempty"`
	// OperatorId is the user who acts.
	OperatorId string `json:"OperatorId,omitempty"`
}

// CatalogApprovers are the approvers of one flow of a catalog.
type CatalogApprovers struct {
	FlowId    string             `json:"FlowId"`
	Approvers []FlowApproverInfo `json:"Approvers"`
}

// CatalogComponents are the sign areas of one approver in one flow of a catalog.
type CatalogComponents struct {
	FlowId string `json:"FlowId"`
	// SignComponents are the areas that this approver signs.
	SignComponents []Component `json:"SignComponents"`
	// SignId is one approver in one flow, as SendFlow returned it.
	SignId string `json:"SignId"`
}

// Component is a box on a page that is filled in before sending (TEXT, DATE, SELECT) or by a signer (SIGN_SEAL, SIGN_SIGNATURE,
// SIGN_DATE).
//
// Positions are points (1/72 inch) from the top left of the page, down and to the right. The platform's comments speak of pixels,
// but its example calls an A4 page 595 × 842 (DescribeFileUrls).
type Component struct {
	// ComponentId is the platform's id, or one that the caller chooses. Placed by keyword, it is the keyword itself: ^k^ matches a k
	// that stands alone, k every one.
	ComponentId string `json:"ComponentId,omitempty"`
	// ComponentType is one of the ComponentType constants.
	ComponentType string `json:"ComponentType,omitempty" validate:"omitempty,oneof=TEXT DATE SELECT SIGN_SEAL SIGN_DATE SIGN_SIGNATURE"`
	ComponentName string `json:"ComponentName,omitempty"`
	// ComponentRequired forbids to leave it empty.
	ComponentRequired bool `json:"ComponentRequired,omitempty"`
	// FileIndex counts the files of the flow from 0.
	FileIndex int64 `json:"FileIndex,omitempty"`
	// GenerateMode is how the component is placed: 0 by coordinates, 1 on a form field, 2 on an HTML control, 3 at a keyword.
	GenerateMode int64 `json:"GenerateMode,omitempty" validate:"omitempty,oneof=0 1 2 3"`
	// ComponentWidth and ComponentHeight are in points. A company seal of 42 mm is 119 × 119, a signature usually 119 × 43.
	ComponentWidth  float64 `json:"ComponentWidth,omitempty"`
	ComponentHeight float64 `json:"ComponentHeight,omitempty"`
	// ComponentPage counts from 1.
	ComponentPage int64 `json:"ComponentPage,omitempty"`
	// ComponentPosX and ComponentPosY are the top left corner, in points from the top left of the page.
	ComponentPosX float64 `json:"ComponentPosX,omitempty"`
	ComponentPosY float64 `json:"ComponentPosY,omitempty"`
	// ComponentExtra is JSON with the style. Its keys are not documented for this version.
	ComponentExtra string `json:"ComponentExtra,omitempty"`
	// ComponentValue is a text, the id of a seal, ORG_DEFAULT_SEAL, SUBORG_DEFAULT_SEAL, USER_DEFAULT_SEAL, or a picture as base64.
	ComponentValue string `json:"ComponentValue,omitempty" mask:"long"`
	// SealOperate 1 shows the seal on the page for the signer to place.
	SealOperate int64 `json:"SealOperate,omitempty"`
	// GenerateExtra is JSON that tells how to place by keyword. Its keys are not documented for this version.
	GenerateExtra string `json:"GenerateExtra,omitempty"`
}

// ComponentSeal tells which seal was put into which component.
type ComponentSeal struct {
	ComponentId string `json:"ComponentId"`
	SealId      string `json:"SealId"`
}

// CustomFileIdMap pairs a caller's own id of a file with the platform's.
type CustomFileIdMap struct {
	CustomId string `json:"CustomId"`
	FileId   string `json:"FileId"`
}

// CustomFlowIdMap pairs a caller's own id of a flow with the platform's.
type CustomFlowIdMap struct {
	CustomId string `json:"CustomId"`
	FlowId   string `json:"FlowId"`
}

// FaceIdPhoto is the photo of one face check.
type FaceIdPhoto struct {
	// Result is 0 when passed and 1 when not.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	// Photo is a picture as base64.
	Photo       string `json:"Photo"`
	OrderNumber string `json:"OrderNumber"`
}

// FaceIdResult is the outcome of one face check.
type FaceIdResult struct {
	// Result is 0 when passed and 1 when not.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	OrderNumber string `json:"OrderNumber"`
	Name        string `json:"Name"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType   string `json:"IdCardType"`
	IdCardNumber string `json:"IdCardNumber"`
	// LiveRate is how surely the face was alive, 0 to 100.
	LiveRate int64 `json:"LiveRate"`
	// Similarity is how well the face fits the paper, 0 to 100.
	Similarity float64 `json:"Similarity"`
	// OccurredTime is in Unix seconds.
	OccurredTime int64 `json:"OccurredTime"`
	// Photo is a picture as base64.
	Photo string `json:"Photo"`
	// Video is as base64.
	Video string `json:"Video"`
}

// FileUrl is a link to one file or one page of it.
type FileUrl struct {
	Url string `json:"Url"`
	// Option describes the page that the link shows, as JSON with its width and height in points.
	Option string `json:"Option"`
	// Index counts from 0, within the id that was asked for.
	Index int64 `json:"Index"`
	// FlowId is filled for a catalog.
	FlowId string `json:"FlowId"`
}

// FlowApproverInfo is one approver of a flow and how far they are. Personal data come back masked.
type FlowApproverInfo struct {
	UserId string `json:"UserId"`
	// VerifyChannel is how the signer shows their will; see the VerifyChannel constants.
	VerifyChannel []string `json:"VerifyChannel"`
	// ApproveStatus is one of the Approver constants.
	ApproveStatus int64 `json:"ApproveStatus"`
	// ApproveMessage is what the approver said.
	ApproveMessage string `json:"ApproveMessage"`
	// ApproveTime is when they signed or refused, in Unix seconds.
	ApproveTime       int64  `json:"ApproveTime"`
	SubOrganizationId string `json:"SubOrganizationId"`
	// JumpUrl is where the browser goes after signing.
	JumpUrl string `json:"JumpUrl"`
	// ComponentSeals names all components of the approver: the only place where the platform reveals the ids that it gave them.
	ComponentSeals []ComponentSeal `json:"ComponentSeals"`
	// IsFullText makes the approver read to the end before signing.
	IsFullText bool `json:"IsFullText"`
	// PreReadTime is how long the approver must read before signing, in seconds.
	PreReadTime int64  `json:"PreReadTime"`
	Mobile      string `json:"Mobile"`
	// Deadline is when the approver must have signed, in Unix seconds.
	Deadline int64 `json:"Deadline"`
	// IsLastApprover archives the flow when this approver has signed.
	IsLastApprover bool         `json:"IsLastApprover"`
	SmsTemplate    *SmsTemplate `json:"SmsTemplate"`
	IdCardNumber   string       `json:"IdCardNumber"`
	Name           string       `json:"Name"`
	// CanOffLine allows the will to be shown outside the page; such a signing is reviewed.
	CanOffLine bool `json:"CanOffLine"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType string `json:"IdCardType"`
	// CallbackUrl is told of every change.
	CallbackUrl string `json:"CallbackUrl"`
	// SignId is one approver in one flow, as SendFlow returned it.
	SignId string `json:"SignId"`
}

// FlowFileInfo describes one file of a flow.
type FlowFileInfo struct {
	// FileIndex counts the files of the flow from 0.
	FileIndex int64 `json:"FileIndex"`
	// FileType is the extension, such as pdf.
	FileType string `json:"FileType"`
	// FileMd5 is in hexadecimal.
	FileMd5 string `json:"FileMd5"`
	// FileName is the name with its extension.
	FileName string `json:"FileName"`
	// FileSize is in bytes.
	FileSize int64 `json:"FileSize"`
	// CreatedOn is in Unix seconds.
	CreatedOn int64  `json:"CreatedOn"`
	Url       string `json:"Url"`
}

// FlowInfo is what a new flow is called and how long it may take.
type FlowInfo struct {
	FlowName string `json:"FlowName" validate:"required"`
	// Deadline is when the flow expires, in Unix seconds.
	Deadline        int64  `json:"Deadline" validate:"required"`
	FlowDescription string `json:"FlowDescription,omitempty"`
	// FlowType is a word of the caller: 劳务, 销售, 租赁 and 其他 are documented.
	FlowType string `json:"FlowType,omitempty"`
	// CallbackUrl is told of every change.
	CallbackUrl string `json:"CallbackUrl,omitempty" mask:"url"`
	// UserData is handed back in callbacks.
	UserData string `json:"UserData,omitempty" mask:"long"`
}

// Seal describes a seal. There is no field for the state of its review.
type Seal struct {
	SealId   string `json:"SealId"`
	SealName string `json:"SealName"`
	// SealType is the kind of seal, one of the SealType constants.
	SealType string `json:"SealType"`
	// SealSource is CREATE for a picture and GENERATE for a drawn seal.
	SealSource string `json:"SealSource"`
	// Creator is who made it.
	Creator Caller `json:"Creator"`
	// CreatedOn is in Unix seconds.
	CreatedOn int64   `json:"CreatedOn"`
	UserId    string  `json:"UserId"`
	FileUrl   FileUrl `json:"FileUrl"`
	// DefaultSeal says that it is used where none is named.
	DefaultSeal bool `json:"DefaultSeal"`
}

// SignSeal is what a signer puts into one component: one of their seals, or a picture.
type SignSeal struct {
	ComponentId string `json:"ComponentId" validate:"required"`
	// SignType is one of the sign components, or SIGN_IMAGE.
	SignType string `json:"SignType" validate:"required,oneof=SIGN_SIGNATURE SIGN_SEAL SIGN_DATE SIGN_IMAGE"`
	// FileIndex counts the files of the flow from 0.
	FileIndex int64 `json:"FileIndex"`
	// SealId is a seal of the signer.
	SealId string `json:"SealId,omitempty"`
	// SealContent is a picture as base64, for a signature made by hand.
	SealContent string `json:"SealContent,omitempty" mask:"binary"`
}

// SmsTemplate names the text message that invites an approver.
type SmsTemplate struct {
	TemplateId string `json:"TemplateId" validate:"required"`
	// Sign is the sender that the message names.
	Sign string `json:"Sign" validate:"required"`
}

// SubOrganizationDetail describes a sub-organisation.
type SubOrganizationDetail struct {
	Id    string `json:"Id"`
	Name  string `json:"Name"`
	Email string `json:"Email"`
	// IdCardType is one of OrganizationIDCardTypes.
	IdCardType   string `json:"IdCardType"`
	IdCardNumber string `json:"IdCardNumber"`
	// OrganizationType is one of OrganizationTypes.
	OrganizationType string `json:"OrganizationType"`
	// IdCardFileType is USCCFILE or LICENSEFILE; Tencent's example sends a third one.
	IdCardFileType string `json:"IdCardFileType"`
	// BizLicenseFile is the id or the content of the licence.
	BizLicenseFile     string `json:"BizLicenseFile"`
	BizLicenseFileName string `json:"BizLicenseFileName"`
	// LegalName and the fields after it describe the legal representative.
	LegalName string `json:"LegalName"`
	// LegalIdCardType is one of IDCardTypes.
	LegalIdCardType   string `json:"LegalIdCardType"`
	LegalIdCardNumber string `json:"LegalIdCardNumber"`
	LegalMobile       string `json:"LegalMobile"`
	ContactName       string `json:"ContactName"`
	// VerifyStatus is OrganizationNotVerified or OrganizationVerified.
	VerifyStatus string `json:"VerifyStatus"`
	// VerifiedOn is in Unix seconds.
	VerifiedOn int64 `json:"VerifiedOn"`
	// CreatedOn is in Unix seconds.
	CreatedOn int64 `json:"CreatedOn"`
	UpdatedOn int64 `json:"UpdatedOn"`
	// VerifyClientIp is the address from which the organisation was verified.
	VerifyClientIp string `json:"VerifyClientIp"`
	// VerifyServerIp is the address of the server that did it.
	VerifyServerIp string   `json:"VerifyServerIp"`
	ContactAddress *Address `json:"ContactAddress"`
}

// UploadFile is a file sent inside a request.
type UploadFile struct {
	// FileBody is the content as base64.
	FileBody string `json:"FileBody" validate:"required" mask:"binary"`
	// FileName is the name with its extension.
	FileName string `json:"FileName,omitempty"`
}

// UserDescribe describes a person. Personal data come back masked.
type UserDescribe struct {
	UserId string `json:"UserId"`
	Mobile string `json:"Mobile"`
	// CreatedOn is in Unix seconds.
	CreatedOn int64 `json:"CreatedOn"`
	// VerifyStatus is UserNotVerified or UserVerified.
	VerifyStatus int64  `json:"VerifyStatus"`
	Name         string `json:"Name"`
	// VerifiedOn is in Unix seconds.
	VerifiedOn int64 `json:"VerifiedOn"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType   string `json:"IdCardType"`
	IdCardNumber string `json:"IdCardNumber"`
}
