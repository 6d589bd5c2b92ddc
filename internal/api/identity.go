package api

// CheckIdCardVerification: name + id card.
var CheckIdCardVerification = Action[CheckIdCardVerificationRequest, CheckIdCardVerificationResponse]{"CheckIdCardVerification"}

// CheckIdCardVerificationRequest is what CheckIdCardVerification takes.
type CheckIdCardVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	IdCardType   string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckIdCardVerificationResponse is what CheckIdCardVerification answers.
type CheckIdCardVerificationResponse struct {
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckMobileAndName: mobile + name.
var CheckMobileAndName = Action[CheckMobileAndNameRequest, CheckMobileAndNameResponse]{"CheckMobileAndName"}

// CheckMobileAndNameRequest is what CheckMobileAndName takes.
type CheckMobileAndNameRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	Mobile string `json:"Mobile" validate:"required" mask:"mobile"`
	Name   string `json:"Name" validate:"required" mask:"name"`
}

// CheckMobileAndNameResponse is what CheckMobileAndName answers.
type CheckMobileAndNameResponse struct {
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckMobileVerification: mobile + name + id.
var CheckMobileVerification = Action[CheckMobileVerificationRequest, CheckMobileVerificationResponse]{"CheckMobileVerification"}

// CheckMobileVerificationRequest is what CheckMobileVerification takes.
type CheckMobileVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	Mobile       string `json:"Mobile" validate:"required" mask:"mobile"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	IdCardType   string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckMobileVerificationResponse is what CheckMobileVerification answers.
type CheckMobileVerificationResponse struct {
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckBankCard2EVerification: card + name.
var CheckBankCard2EVerification = Action[CheckBankCard2EVerificationRequest, CheckBankCard2EVerificationResponse]{"CheckBankCard2EVerification"}

// CheckBankCard2EVerificationRequest is what CheckBankCard2EVerification takes.
type CheckBankCard2EVerificationRequest struct {
	Caller   Caller `json:"Caller" form:"-" validate:"required"`
	BankCard string `json:"BankCard" validate:"required" mask:"number"`
	Name     string `json:"Name" validate:"required" mask:"name"`
}

// CheckBankCard2EVerificationResponse is what CheckBankCard2EVerification answers.
type CheckBankCard2EVerificationResponse struct {
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckBankCard3EVerification: card + name + id.
var CheckBankCard3EVerification = Action[CheckBankCard3EVerificationRequest, CheckBankCard3EVerificationResponse]{"CheckBankCard3EVerification"}

// CheckBankCard3EVerificationRequest is what CheckBankCard3EVerification takes.
type CheckBankCard3EVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	BankCard     string `json:"BankCard" validate:"required" mask:"number"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	IdCardType   string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckBankCard3EVerificationResponse is what CheckBankCard3EVerification answers.
type CheckBankCard3EVerificationResponse struct {
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckBankCard4EVerification: card + name + id + mobile (last two optional in the schema).
var CheckBankCard4EVerification = Action[CheckBankCard4EVerificationRequest, CheckBankCard4EVerificationResponse]{"CheckBankCard4EVerification"}

// CheckBankCard4EVerificationRequest is what CheckBankCard4EVerification takes.
type CheckBankCard4EVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	BankCard     string `json:"BankCard" validate:"required" mask:"number"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber,omitempty" mask:"number"`
	Mobile       string `json:"Mobile,omitempty" mask:"mobile"`
	IdCardType   string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckBankCard4EVerificationResponse is what CheckBankCard4EVerification answers.
type CheckBankCard4EVerificationResponse struct {
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckBankCardVerification: 2/3/4 elements by what is given.
var CheckBankCardVerification = Action[CheckBankCardVerificationRequest, CheckBankCardVerificationResponse]{"CheckBankCardVerification"}

// CheckBankCardVerificationRequest is what CheckBankCardVerification takes.
type CheckBankCardVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	BankCard     string `json:"BankCard" validate:"required" mask:"number"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber,omitempty" mask:"number"`
	Mobile       string `json:"Mobile,omitempty" mask:"mobile"`
	IdCardType   string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckBankCardVerificationResponse is what CheckBankCardVerification answers.
type CheckBankCardVerificationResponse struct {
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CreateFaceIdSign: sign for the Huiyan API.
var CreateFaceIdSign = Action[CreateFaceIdSignRequest, CreateFaceIdSignResponse]{"CreateFaceIdSign"}

// CreateFaceIdSignRequest is what CreateFaceIdSign takes.
type CreateFaceIdSignRequest struct {
	Caller Caller   `json:"Caller" form:"-" validate:"required"`
	Values []string `json:"Values" validate:"required,min=1,dive,required" mask:"secret"`
}

// CreateFaceIdSignResponse is what CreateFaceIdSign answers.
type CreateFaceIdSignResponse struct {
	Sign      string `json:"Sign"`
	RequestId string `json:"RequestId"`
}

// CreateH5FaceIdUrl: H5 face page link.
var CreateH5FaceIdUrl = Action[CreateH5FaceIdUrlRequest, CreateH5FaceIdUrlResponse]{"CreateH5FaceIdUrl"}

// CreateH5FaceIdUrlRequest is what CreateH5FaceIdUrl takes.
type CreateH5FaceIdUrlRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	WbAppId      string `json:"WbAppId,omitempty"`
	Name         string `json:"Name,omitempty" mask:"name"`
	IdCardType   string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
	IdCardNumber string `json:"IdCardNumber,omitempty" mask:"number"`
	JumpUrl      string `json:"JumpUrl,omitempty" mask:"url"`
	JumpType     string `json:"JumpType,omitempty" validate:"omitempty,oneof=1"`
	OpenFrom     string `json:"OpenFrom,omitempty" validate:"omitempty,oneof=browser app"`
	RedirectType string `json:"RedirectType,omitempty" validate:"omitempty,oneof=1"`
}

// CreateH5FaceIdUrlResponse is what CreateH5FaceIdUrl answers.
type CreateH5FaceIdUrlResponse struct {
	Url       string `json:"Url"`
	RequestId string `json:"RequestId"`
}

// CheckFaceIdentify: was the face check passed.
var CheckFaceIdentify = Action[CheckFaceIdentifyRequest, CheckFaceIdentifyResponse]{"CheckFaceIdentify"}

// CheckFaceIdentifyRequest is what CheckFaceIdentify takes.
type CheckFaceIdentifyRequest struct {
	Caller        Caller `json:"Caller" form:"-" validate:"required"`
	VerifyChannel string `json:"VerifyChannel" validate:"required,oneofci=WEIXINAPP FACEID NONE"`
	VerifyResult  string `json:"VerifyResult" validate:"required" mask:"secret"`
	Name          string `json:"Name,omitempty" mask:"name"`
	IdCardNumber  string `json:"IdCardNumber,omitempty" mask:"number"`
	GetPhoto      bool   `json:"GetPhoto,omitempty"`
}

// CheckFaceIdentifyResponse is what CheckFaceIdentify answers.
type CheckFaceIdentifyResponse struct {
	Result         int64  `json:"Result"`
	Description    string `json:"Description"`
	ChannelName    string `json:"ChannelName"`
	VerifiedOn     int64  `json:"VerifiedOn"`
	SerialNumber   string `json:"SerialNumber"`
	VerifyServerIp string `json:"VerifyServerIp"`
	PhotoFileName  string `json:"PhotoFileName"`
	PhotoFileData  string `json:"PhotoFileData"`
	RequestId      string `json:"RequestId"`
}

// DescribeFaceIdResults: face results.
var DescribeFaceIdResults = Action[DescribeFaceIdResultsRequest, DescribeFaceIdResultsResponse]{"DescribeFaceIdResults"}

// DescribeFaceIdResultsRequest is what DescribeFaceIdResults takes.
type DescribeFaceIdResultsRequest struct {
	Caller       Caller   `json:"Caller" form:"-" validate:"required"`
	WbAppId      string   `json:"WbAppId" validate:"required"`
	OrderNumbers []string `json:"OrderNumbers" validate:"required,min=1,max=3,dive,required"`
	FileType     int64    `json:"FileType,omitempty" validate:"omitempty,oneof=1 2 3 0"`
}

// DescribeFaceIdResultsResponse is what DescribeFaceIdResults answers.
type DescribeFaceIdResultsResponse struct {
	Results   []FaceIdResult `json:"Results"`
	RequestId string         `json:"RequestId"`
}

// DescribeFaceIdPhotos: face photos.
var DescribeFaceIdPhotos = Action[DescribeFaceIdPhotosRequest, DescribeFaceIdPhotosResponse]{"DescribeFaceIdPhotos"}

// DescribeFaceIdPhotosRequest is what DescribeFaceIdPhotos takes.
type DescribeFaceIdPhotosRequest struct {
	Caller       Caller   `json:"Caller" form:"-" validate:"required"`
	WbAppId      string   `json:"WbAppId" validate:"required"`
	OrderNumbers []string `json:"OrderNumbers" validate:"required,min=1,max=3,dive,required"`
}

// DescribeFaceIdPhotosResponse is what DescribeFaceIdPhotos answers.
type DescribeFaceIdPhotosResponse struct {
	Photos    []FaceIdPhoto `json:"Photos"`
	RequestId string        `json:"RequestId"`
}
