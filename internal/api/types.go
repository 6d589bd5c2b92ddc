package api

// Address is a structure of essbasic.
type Address struct {
	Province string `json:"Province" validate:"required"`
	City     string `json:"City" validate:"required"`
	County   string `json:"County" validate:"required"`
	Details  string `json:"Details" validate:"required" mask:"secret"`
	Country  string `json:"Country,omitempty"`
}

// Caller is a structure of essbasic.
type Caller struct {
	ApplicationId     string `json:"ApplicationId" validate:"required"`
	SubOrganizationId string `json:"SubOrganizationId,omitempty"`
	OperatorId        string `json:"OperatorId,omitempty"`
}

// CatalogApprovers is a structure of essbasic.
type CatalogApprovers struct {
	FlowId    string             `json:"FlowId"`
	Approvers []FlowApproverInfo `json:"Approvers"`
}

// CatalogComponents is a structure of essbasic.
type CatalogComponents struct {
	FlowId         string      `json:"FlowId"`
	SignComponents []Component `json:"SignComponents"`
	SignId         string      `json:"SignId"`
}

// Component is a structure of essbasic.
type Component struct {
	ComponentId       string  `json:"ComponentId,omitempty"`
	ComponentType     string  `json:"ComponentType,omitempty" validate:"omitempty,oneof=TEXT DATE SELECT SIGN_SEAL SIGN_DATE SIGN_SIGNATURE"`
	ComponentName     string  `json:"ComponentName,omitempty"`
	ComponentRequired bool    `json:"ComponentRequired,omitempty"`
	FileIndex         int64   `json:"FileIndex,omitempty"`
	GenerateMode      int64   `json:"GenerateMode,omitempty" validate:"omitempty,oneof=0 1 2 3"`
	ComponentWidth    float64 `json:"ComponentWidth,omitempty"`
	ComponentHeight   float64 `json:"ComponentHeight,omitempty"`
	ComponentPage     int64   `json:"ComponentPage,omitempty"`
	ComponentPosX     float64 `json:"ComponentPosX,omitempty"`
	ComponentPosY     float64 `json:"ComponentPosY,omitempty"`
	ComponentExtra    string  `json:"ComponentExtra,omitempty"`
	ComponentValue    string  `json:"ComponentValue,omitempty" mask:"long"`
	SealOperate       int64   `json:"SealOperate,omitempty"`
	GenerateExtra     string  `json:"GenerateExtra,omitempty"`
}

// ComponentSeal is a structure of essbasic.
type ComponentSeal struct {
	ComponentId string `json:"ComponentId"`
	SealId      string `json:"SealId"`
}

// CustomFileIdMap is a structure of essbasic.
type CustomFileIdMap struct {
	CustomId string `json:"CustomId"`
	FileId   string `json:"FileId"`
}

// CustomFlowIdMap is a structure of essbasic.
type CustomFlowIdMap struct {
	CustomId string `json:"CustomId"`
	FlowId   string `json:"FlowId"`
}

// FaceIdPhoto is a structure of essbasic.
type FaceIdPhoto struct {
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	Photo       string `json:"Photo"`
	OrderNumber string `json:"OrderNumber"`
}

// FaceIdResult is a structure of essbasic.
type FaceIdResult struct {
	Result       int64   `json:"Result"`
	Description  string  `json:"Description"`
	OrderNumber  string  `json:"OrderNumber"`
	Name         string  `json:"Name"`
	IdCardType   string  `json:"IdCardType"`
	IdCardNumber string  `json:"IdCardNumber"`
	LiveRate     int64   `json:"LiveRate"`
	Similarity   float64 `json:"Similarity"`
	OccurredTime int64   `json:"OccurredTime"`
	Photo        string  `json:"Photo"`
	Video        string  `json:"Video"`
}

// FileUrl is a structure of essbasic.
type FileUrl struct {
	Url    string `json:"Url"`
	Option string `json:"Option"`
	Index  int64  `json:"Index"`
	FlowId string `json:"FlowId"`
}

// FlowApproverInfo is a structure of essbasic.
type FlowApproverInfo struct {
	UserId            string          `json:"UserId"`
	VerifyChannel     []string        `json:"VerifyChannel"`
	ApproveStatus     int64           `json:"ApproveStatus"`
	ApproveMessage    string          `json:"ApproveMessage"`
	ApproveTime       int64           `json:"ApproveTime"`
	SubOrganizationId string          `json:"SubOrganizationId"`
	JumpUrl           string          `json:"JumpUrl"`
	ComponentSeals    []ComponentSeal `json:"ComponentSeals"`
	IsFullText        bool            `json:"IsFullText"`
	PreReadTime       int64           `json:"PreReadTime"`
	Mobile            string          `json:"Mobile"`
	Deadline          int64           `json:"Deadline"`
	IsLastApprover    bool            `json:"IsLastApprover"`
	SmsTemplate       *SmsTemplate    `json:"SmsTemplate"`
	IdCardNumber      string          `json:"IdCardNumber"`
	Name              string          `json:"Name"`
	CanOffLine        bool            `json:"CanOffLine"`
	IdCardType        string          `json:"IdCardType"`
	CallbackUrl       string          `json:"CallbackUrl"`
	SignId            string          `json:"SignId"`
}

// FlowFileInfo is a structure of essbasic.
type FlowFileInfo struct {
	FileIndex int64  `json:"FileIndex"`
	FileType  string `json:"FileType"`
	FileMd5   string `json:"FileMd5"`
	FileName  string `json:"FileName"`
	FileSize  int64  `json:"FileSize"`
	CreatedOn int64  `json:"CreatedOn"`
	Url       string `json:"Url"`
}

// FlowInfo is a structure of essbasic.
type FlowInfo struct {
	FlowName        string `json:"FlowName" validate:"required"`
	Deadline        int64  `json:"Deadline" validate:"required"`
	FlowDescription string `json:"FlowDescription,omitempty"`
	FlowType        string `json:"FlowType,omitempty"`
	CallbackUrl     string `json:"CallbackUrl,omitempty" mask:"url"`
	UserData        string `json:"UserData,omitempty" mask:"long"`
}

// Seal is a structure of essbasic.
type Seal struct {
	SealId      string  `json:"SealId"`
	SealName    string  `json:"SealName"`
	SealType    string  `json:"SealType"`
	SealSource  string  `json:"SealSource"`
	Creator     Caller  `json:"Creator"`
	CreatedOn   int64   `json:"CreatedOn"`
	UserId      string  `json:"UserId"`
	FileUrl     FileUrl `json:"FileUrl"`
	DefaultSeal bool    `json:"DefaultSeal"`
}

// SignSeal is a structure of essbasic.
type SignSeal struct {
	ComponentId string `json:"ComponentId" validate:"required"`
	SignType    string `json:"SignType" validate:"required,oneof=SIGN_SIGNATURE SIGN_SEAL SIGN_DATE SIGN_IMAGE"`
	FileIndex   int64  `json:"FileIndex"`
	SealId      string `json:"SealId,omitempty"`
	SealContent string `json:"SealContent,omitempty" mask:"binary"`
}

// SmsTemplate is a structure of essbasic.
type SmsTemplate struct {
	TemplateId string `json:"TemplateId" validate:"required"`
	Sign       string `json:"Sign" validate:"required"`
}

// SubOrganizationDetail is a structure of essbasic.
type SubOrganizationDetail struct {
	Id                 string   `json:"Id"`
	Name               string   `json:"Name"`
	Email              string   `json:"Email"`
	IdCardType         string   `json:"IdCardType"`
	IdCardNumber       string   `json:"IdCardNumber"`
	OrganizationType   string   `json:"OrganizationType"`
	IdCardFileType     string   `json:"IdCardFileType"`
	BizLicenseFile     string   `json:"BizLicenseFile"`
	BizLicenseFileName string   `json:"BizLicenseFileName"`
	LegalName          string   `json:"LegalName"`
	LegalIdCardType    string   `json:"LegalIdCardType"`
	LegalIdCardNumber  string   `json:"LegalIdCardNumber"`
	LegalMobile        string   `json:"LegalMobile"`
	ContactName        string   `json:"ContactName"`
	VerifyStatus       string   `json:"VerifyStatus"`
	VerifiedOn         int64    `json:"VerifiedOn"`
	CreatedOn          int64    `json:"CreatedOn"`
	UpdatedOn          int64    `json:"UpdatedOn"`
	VerifyClientIp     string   `json:"VerifyClientIp"`
	VerifyServerIp     string   `json:"VerifyServerIp"`
	ContactAddress     *Address `json:"ContactAddress"`
}

// UploadFile is a structure of essbasic.
type UploadFile struct {
	FileBody string `json:"FileBody" validate:"required" mask:"binary"`
	FileName string `json:"FileName,omitempty"`
}

// UserDescribe is a structure of essbasic.
type UserDescribe struct {
	UserId       string `json:"UserId"`
	Mobile       string `json:"Mobile"`
	CreatedOn    int64  `json:"CreatedOn"`
	VerifyStatus int64  `json:"VerifyStatus"`
	Name         string `json:"Name"`
	VerifiedOn   int64  `json:"VerifiedOn"`
	IdCardType   string `json:"IdCardType"`
	IdCardNumber string `json:"IdCardNumber"`
}
